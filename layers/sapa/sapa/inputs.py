"""A business process's inputs: checked, and described as JSON Schema.

The pydantic model is built from the signature, once per process and execution environment.
Checking is strict as far as JSON can tell types apart: `3` is no string and `"3"` no number, but
`3` is a float, and enums and dates come as strings.
"""

import functools
import inspect
import json
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.errors import PydanticUserError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import ErrorDetails

from sapa.errors import BusinessProcessError, MessageError
from sapa.processes.business_process import BusinessProcess, Context, Parameter

REF_TEMPLATE = "#/components/schemas/{model}"
MAX_PROBLEMS = 20
_MAX_NAME_LENGTH = 64
_MAX_PROBLEM_LENGTH = 200

type Process = BusinessProcess[..., object]


@functools.cache
def input_model(process: Process) -> type[BaseModel]:
    """The model of a process's inputs. Raises `BusinessProcessError`.

    Its fields have neutral names and the keys as aliases: a parameter may be called `json` or
    `model_config`, which pydantic keeps for itself. Pydantic lets a field's own name pass beside
    its alias; no message has these, since keys that start with `$` are refused before.
    """
    fields: dict[str, Any] = {
        _field_name(index): (parameter.annotation, _field(parameter))
        for index, parameter in enumerate(process.parameters)
    }
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, validate_default=False)
    try:
        return create_model(f"{process.name}_inputs", __config__=config, **fields)
    except PydanticUserError as error:
        raise BusinessProcessError(process.name, f"unusable signature: {error}") from error


def _field_name(index: int) -> str:
    return f"${index}"


def _field(parameter: Parameter) -> Any:
    if parameter.required:
        return Field(alias=parameter.key)
    return Field(parameter.default, alias=parameter.key)


def arguments(process: Process, inputs: Mapping[str, object], context: Context) -> dict[str, Any]:
    """The keyword arguments with which a message calls the process.

    Raises `MessageError` with a problem for each wrong, missing or unknown key.
    """
    try:
        model = input_model(process).model_validate_json(json.dumps(inputs), strict=True)
    except ValidationError as error:
        raise _refusal(process, error) from error
    values = {
        parameter.name: getattr(model, _field_name(index))
        for index, parameter in enumerate(process.parameters)
    }
    if process.context_name is not None:
        values[process.context_name] = context
    return values


def _refusal(process: Process, error: ValidationError) -> MessageError:
    expected = ", ".join(parameter.key for parameter in process.parameters) or "none"
    problems: dict[str, str] = {}
    for details in error.errors(include_url=False, include_context=False, include_input=False):
        name, problem = _problem(details, expected)
        problems.setdefault(name, problem)
    shown = dict(list(problems.items())[:MAX_PROBLEMS])
    more = f" ({len(problems) - len(shown)} more problems)" if len(problems) > len(shown) else ""
    return MessageError(
        "invalid_message",
        f"The input variables of {process.name} are: {signature_of(process)}.{more}",
        fields=shown,
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
    properties: Mapping[str, Any] = input_schema(process).get("properties", {})
    parts = [
        f"{parameter.key} ({_type_name(properties[parameter.key])}"
        f"{'' if parameter.required else ', optional'})"
        for parameter in process.parameters
    ]
    return ", ".join(parts) or "none"


def _type_name(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    alternatives = schema.get("anyOf")
    if alternatives:
        return " or ".join(_type_name(alternative) for alternative in alternatives)
    return str(schema.get("type", "any"))


@functools.cache
def input_schema(process: Process) -> JsonSchemaValue:
    """The JSON Schema of a message's keys, with shared parts in `$defs`."""
    schema = input_model(process).model_json_schema(ref_template=REF_TEMPLATE)
    return {**schema, "title": process.name, "description": process.documentation}


def frame_types(process: Process) -> list[Any]:
    """The types that a frame can have by the return annotation, `None` left out."""
    return list(_frame_hints(process.hints.get("return")))


def _frame_hints(hint: Any) -> Iterator[Any]:
    """The types of single frames: members of unions and items of iterators, without `None`."""
    origin = get_origin(hint)
    if hint is None or hint is type(None):
        return
    if inspect.isclass(origin) and issubclass(origin, Iterator):
        yield from _frame_hints(get_args(hint)[0])
    elif origin in {Union, UnionType}:
        for member in get_args(hint):
            yield from _frame_hints(member)
    else:
        yield hint
