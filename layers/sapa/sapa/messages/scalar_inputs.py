"""Inputs that are strings, numbers and truth values, checked by pydantic's core alone.

Those of the default endpoint are such. Without pydantic's models, whose import and making take a
third of the cold start, the core checks them by the same rules: docs/adr/0005-cold-start.md.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pydantic_core import CoreConfig, CoreSchema, SchemaValidator, core_schema

from sapa.processes.business_process import Parameter

_SCHEMAS: Mapping[object, CoreSchema] = MappingProxyType(
    {
        str: core_schema.str_schema(),
        int: core_schema.int_schema(),
        float: core_schema.float_schema(),
        bool: core_schema.bool_schema(),
    }
)
_NAMES: Mapping[object, str] = MappingProxyType(
    {str: "string", int: "integer", float: "number", bool: "boolean"}
)
_CONFIG = CoreConfig(strict=True, allow_inf_nan=False, extra_fields_behavior="forbid")


def are_scalars(parameters: Iterable[Parameter]) -> bool:
    """Whether this module knows the types of all of them."""
    return all(_is_scalar(parameter.annotation) for parameter in parameters)


def scalar_validator(parameters: Iterable[Parameter]) -> SchemaValidator:
    """Checks a message's keys and gives their values by key, defaults included."""
    fields = {parameter.key: _field(parameter) for parameter in parameters}
    return SchemaValidator(core_schema.typed_dict_schema(fields, config=_CONFIG))


def type_name(parameter: Parameter) -> str:
    """What its JSON Schema calls its type."""
    return _NAMES[parameter.annotation]


def _is_scalar(annotation: object) -> bool:
    return isinstance(annotation, type) and annotation in _SCHEMAS


def _field(parameter: Parameter) -> core_schema.TypedDictField:
    schema = _SCHEMAS[parameter.annotation]
    if not parameter.required:
        schema = core_schema.with_default_schema(schema, default=parameter.default)
    return core_schema.typed_dict_field(schema, required=parameter.required)
