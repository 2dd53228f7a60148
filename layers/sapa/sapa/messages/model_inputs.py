"""The pydantic model of a business process's inputs, and its JSON Schema.

Importing pydantic takes longer than the rest of a cold start. So messages load this module only
when a process has inputs that need it.
"""

import functools
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.errors import PydanticUserError
from pydantic.json_schema import JsonSchemaValue

from sapa.errors import BusinessProcessError
from sapa.processes.business_process import Parameter, Process

REF_TEMPLATE = "#/components/schemas/{model}"


@functools.cache
def input_model(process: Process) -> type[BaseModel]:
    """The model of a process's inputs. Raises `BusinessProcessError`.

    Its fields have neutral names and the keys as aliases: a parameter may be called `json` or
    `model_config`, which pydantic reserves. Pydantic accepts a field's own name beside its alias;
    no message has these names, since keys that start with `$` are refused before.
    """
    fields: dict[str, Any] = {
        field_name(index): (parameter.annotation, _field(parameter))
        for index, parameter in enumerate(process.parameters)
    }
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, validate_default=False)
    try:
        return create_model(f"{process.name}_inputs", __config__=config, **fields)
    except PydanticUserError as error:
        raise BusinessProcessError(process.name, f"unusable signature: {error}") from error


def field_name(index: int) -> str:
    """The model's field for the parameter with this index."""
    return f"${index}"


def _field(parameter: Parameter) -> Any:
    if parameter.required:
        return Field(alias=parameter.key)
    return Field(parameter.default, alias=parameter.key)


@functools.cache
def input_schema(process: Process) -> JsonSchemaValue:
    """The JSON Schema of a message's keys, with shared parts in `$defs`."""
    schema = input_model(process).model_json_schema(ref_template=REF_TEMPLATE)
    return {**schema, "title": process.name, "description": process.documentation}
