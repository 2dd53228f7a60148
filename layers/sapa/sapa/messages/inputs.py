"""A business process's inputs: checked, and described in words.

A check is made from the signature, once per process and execution environment. Checking is as
strict as JSON's types allow: `3` is not a string and `"3"` not a number, but `3` is a float, and
enums and dates come as strings.

Inputs that are strings, numbers and truth values, like those of the default endpoint, are checked
by pydantic's core alone, by the same rules: importing pydantic's models and making one takes a
third of the cold start (docs/adr/0005-cold-start.md).
"""

import functools
import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic_core import (
    CoreConfig,
    CoreSchema,
    ErrorDetails,
    SchemaValidator,
    ValidationError,
    core_schema,
)

from sapa.errors import RefusalError
from sapa.processes.business_process import Context, Parameter, Process, Stream

MAX_PROBLEMS = 20
_MAX_NAME_LENGTH = 64
_MAX_PROBLEM_LENGTH = 200

_SCALARS: Mapping[object, tuple[str, CoreSchema]] = MappingProxyType(
    {
        str: ("string", core_schema.str_schema()),
        int: ("integer", core_schema.int_schema()),
        float: ("number", core_schema.float_schema()),
        bool: ("boolean", core_schema.bool_schema()),
    }
)
_CONFIG = CoreConfig(strict=True, allow_inf_nan=False, extra_fields_behavior="forbid")

type Check = Callable[[str], Mapping[str, Any]]


@functools.cache
def input_check(process: Process) -> Check:
    """Turns a JSON object into values by key, or raises pydantic's `ValidationError`.

    Raises `BusinessProcessError`.
    """
    if are_scalars(process.parameters):
        return scalar_validator(process.parameters).validate_json
    return _model_check(process)


def are_scalars(parameters: Iterable[Parameter]) -> bool:
    """Whether pydantic's core alone can check all of them."""
    return all(
        isinstance(parameter.annotation, type) and parameter.annotation in _SCALARS
        for parameter in parameters
    )


def scalar_validator(parameters: Iterable[Parameter]) -> SchemaValidator:
    """Checks a message's keys and gives their values by key, defaults included."""
    fields = {parameter.key: _field(parameter) for parameter in parameters}
    return SchemaValidator(core_schema.typed_dict_schema(fields, config=_CONFIG))


def _field(parameter: Parameter) -> core_schema.TypedDictField:
    _, schema = _SCALARS[parameter.annotation]
    if not parameter.required:
        schema = core_schema.with_default_schema(schema, default=parameter.default)
    return core_schema.typed_dict_field(schema, required=parameter.required)


def _model_check(process: Process) -> Check:
    from sapa.messages.model_inputs import field_name, input_model

    model = input_model(process)
    names = {p.key: field_name(index) for index, p in enumerate(process.parameters)}

    def check(text: str) -> Mapping[str, Any]:
        checked = model.model_validate_json(text, strict=True)
        return {key: getattr(checked, name) for key, name in names.items()}

    return check


def arguments(process: Process, inputs: Mapping[str, object], context: Context) -> dict[str, Any]:
    """The keyword arguments with which a message calls the process.

    Raises `RefusalError` with a problem for each wrong, missing or unknown key.
    """
    try:
        checked = input_check(process)(json.dumps(inputs))
    except ValidationError as error:
        raise _refusal(process, error) from error
    values = {parameter.name: checked[parameter.key] for parameter in process.parameters}
    if process.context_name is not None:
        values[process.context_name] = context
    return values


def _refusal(process: Process, error: ValidationError) -> RefusalError:
    expected = ", ".join(parameter.key for parameter in process.parameters) or "none"
    problems: dict[str, str] = {}
    for details in error.errors(include_url=False, include_context=False, include_input=False):
        name, problem = _problem(details, expected)
        problems.setdefault(name, problem)
    shown = dict(list(problems.items())[:MAX_PROBLEMS])
    more = f" ({len(problems) - len(shown)} more problems)" if len(problems) > len(shown) else ""
    return RefusalError(
        "invalid_message",
        f"The input variables of {process.name} are: {signature_of(process)}.{more}",
        shown,
    )


def _problem(details: ErrorDetails, expected: str) -> tuple[str, str]:
    name = ".".join(str(part) for part in details["loc"])[:_MAX_NAME_LENGTH]
    match details["type"]:
        case "extra_forbidden" if len(details["loc"]) == 1:
            return name, f"unknown input variable; expected: {expected}"
        case "missing":
            return name, "missing"
        case _:
            return name, details["msg"][:_MAX_PROBLEM_LENGTH]


def signature_of(process: Process) -> str:
    """The input variables in words, for example `value (number), decimals (integer, optional)`."""
    parts = [
        f"{parameter.key} ({name}{'' if parameter.required else ', optional'})"
        for parameter, name in zip(process.parameters, _type_names(process), strict=True)
    ]
    return ", ".join(parts) or "none"


def _type_names(process: Process) -> list[str]:
    if are_scalars(process.parameters):
        return [_SCALARS[parameter.annotation][0] for parameter in process.parameters]
    from sapa.messages.model_inputs import input_schema

    properties: Mapping[str, Any] = input_schema(process)["properties"]
    return [_type_name(properties[parameter.key]) for parameter in process.parameters]


def _type_name(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    alternatives = schema.get("anyOf")
    if alternatives:
        return " or ".join(_type_name(alternative) for alternative in alternatives)
    return str(schema.get("type", "any"))


def frame_types(process: Process) -> list[Any]:
    """The types that a frame can have by the return annotation, without `None`."""
    return list(_frame_hints(process.hints.get("return")))


def _frame_hints(hint: Any) -> Iterator[Any]:
    """The types of single frames: members of unions, items of iterators and parts of streams."""
    origin = get_origin(hint)
    if hint is None or hint is type(None):
        return
    if origin is Stream or (inspect.isclass(origin) and issubclass(origin, Iterator)):
        yield from _frame_hints(get_args(hint)[0])
    elif origin in {Union, UnionType}:
        for member in get_args(hint):
            yield from _frame_hints(member)
    else:
        yield hint
