"""Turns resolved properties into the parameters that boto3 accepts.

CloudFormation converts a scalar to the type that a property has: `"5"` is a number where one is
wanted, and 5 is a text. boto3 refuses both. A call's parameters are converted by the service's own
model, so this holds for every property of every type.
"""

import re
from collections.abc import Collection
from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from local_gateway.template.document.errors import did_you_mean
from local_gateway.template.document.source import scalar_text
from local_gateway.template.loading.resource_properties import members_of_type

_WRONG_TYPE = re.compile(
    r"Invalid type for parameter (?P<path>\S+), value: (?P<value>.*), "
    r"type: <class '\w+'>, valid types: (?P<types>.*)"
)
_TYPES = {"str": "a text", "int": "a whole number", "list": "a list", "dict": "an object"}


class WrongParameterError(Exception):
    """A value that the service cannot take; `path` leads to it from the resource's properties."""

    def __init__(self, path: tuple[str | int, ...], cause: str, remedy: str = "") -> None:
        super().__init__(cause)
        self.path = path
        self.cause = cause
        self.remedy = remedy


class ConvertingClient:
    """A boto3 client that converts the parameters of its calls for a resource type.

    Raises `WrongParameterError` for what cannot be converted.
    """

    def __init__(self, client: Any, resource_type: str) -> None:
        self._client = client
        self._members = members_of_type(resource_type)

    def __getattr__(self, name: str) -> Any:
        operation = self._client.meta.method_to_api_mapping[name]
        shape = self._client.meta.service_model.operation_model(operation).input_shape
        call = getattr(self._client, name)

        def converted_call(**parameters: Any) -> Any:
            try:
                return call(**converted(parameters, shape, self._members))
            except ParamValidationError as error:
                raise _readable(str(error.kwargs.get("report") or error)) from None

        return converted_call


def converted(
    value: Any, shape: Shape, ignored: Collection[str] = (), path: tuple[str | int, ...] = ()
) -> Any:
    """`value` with each scalar as the shape wants it.

    `ignored` are members of objects that are dropped where the service has none of that name:
    CloudFormation configures some things with another call.
    """
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = {}
        for name, item in value.items():
            if name in shape.members:
                members[name] = converted(item, shape.members[name], ignored, (*path, name))
            elif name not in ignored:
                remedy = did_you_mean(name, shape.members) or (
                    f"expected one of {', '.join(sorted(shape.members))}"
                )
                raise WrongParameterError((*path, name), "unknown property", remedy)
        return members
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [
            converted(item, shape.member, ignored, (*path, at)) for at, item in enumerate(value)
        ]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {
            key: converted(item, shape.value, ignored, (*path, key)) for key, item in value.items()
        }
    return _scalar(value, shape.type_name, path)


def _scalar(value: Any, kind: str, path: tuple[str | int, ...]) -> Any:
    if kind == "string" and isinstance(value, (bool, int, float)):
        return scalar_text(value)
    if kind == "boolean" and isinstance(value, str):
        if value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise WrongParameterError(path, f"expected true or false, not {value!r}")
    if kind in ("integer", "long", "float", "double"):
        return _number(value, kind, path)
    return value


def _number(value: Any, kind: str, path: tuple[str | int, ...]) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return value
    is_whole = kind in ("integer", "long")
    try:
        number = float(value)
        if not is_whole:
            return number
        if number == int(number):
            return int(number)
    except (ValueError, OverflowError):
        pass
    expected = "a whole number" if is_whole else "a number"
    raise WrongParameterError(path, f"expected {expected}, not {value!r}")


def _readable(report: str) -> WrongParameterError:
    """The first complaint of boto3 in the words of this program, all others are of this kind."""
    line = report.removeprefix("Parameter validation failed:").strip().splitlines()[0]
    if (wrong := _WRONG_TYPE.fullmatch(line)) is not None:
        names = re.findall(r"'(\w+)'", wrong["types"])
        expected = next((_TYPES[name] for name in names if name in _TYPES), "another type")
        return WrongParameterError(_path(wrong["path"]), f"expected {expected}")
    if (missing := re.fullmatch(r'Missing required parameter in (\S+): "(\w+)"', line)) is not None:
        where = () if missing[1] == "input" else _path(missing[1])
        return WrongParameterError(where, f"{missing[2]} is missing")
    return WrongParameterError((), line)


def _path(dotted: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", dotted))
