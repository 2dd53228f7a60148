"""A business process's inputs: checked, and told in words.

What checks them is made from the signature, once per process and execution environment. Checking
is strict as far as JSON can tell types apart: `3` is no string and `"3"` no number, but `3` is a
float, and enums and dates come as strings.
"""

import functools
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic_core import ErrorDetails, ValidationError

from sapa.errors import MessageError
from sapa.messages.scalar_inputs import are_scalars, scalar_validator, type_name
from sapa.processes.business_process import Context, Process

MAX_PROBLEMS = 20
_MAX_NAME_LENGTH = 64
_MAX_PROBLEM_LENGTH = 200

type Check = Callable[[str], Mapping[str, Any]]


@functools.cache
def input_check(process: Process) -> Check:
    """What turns a JSON object into values by key, or raises pydantic's `ValidationError`.

    Raises `BusinessProcessError`.
    """
    if are_scalars(process.parameters):
        return scalar_validator(process.parameters).validate_json
    return _model_check(process)


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

    Raises `MessageError` with a problem for each wrong, missing or unknown key.
    """
    try:
        checked = input_check(process)(json.dumps(inputs))
    except ValidationError as error:
        raise _refusal(process, error) from error
    values = {parameter.name: checked[parameter.key] for parameter in process.parameters}
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
    parts = [
        f"{parameter.key} ({name}{'' if parameter.required else ', optional'})"
        for parameter, name in zip(process.parameters, _type_names(process), strict=True)
    ]
    return ", ".join(parts) or "none"


def _type_names(process: Process) -> list[str]:
    if are_scalars(process.parameters):
        return [type_name(parameter) for parameter in process.parameters]
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
