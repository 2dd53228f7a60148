"""The intrinsic functions that need nothing but their arguments, which are resolved before.

Rules: CloudFormation user guide, intrinsic-function-reference.
"""

import base64
import json
from collections.abc import Callable, Mapping

from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.json_value import Json, scalar_text


def scalar(value: Json, function: str, place: Place) -> str:
    """`value` as text; a list, an object or nothing at all is an error."""
    if value is None or isinstance(value, (list, dict)):
        raise TemplateError(place, f"{function}: expected text, found {json.dumps(value)[:80]}")
    return scalar_text(value)


def join(argument: Json, place: Place) -> Json:
    """`Fn::Join`."""
    delimiter, values = _pair(argument, "Fn::Join", place)
    if not isinstance(values, list):
        raise TemplateError(place, "Fn::Join takes a delimiter and a list")
    parts = [scalar(value, "Fn::Join", place) for value in values]
    return scalar(delimiter, "Fn::Join", place).join(parts)


def split(argument: Json, place: Place) -> Json:
    """`Fn::Split`."""
    delimiter, value = _pair(argument, "Fn::Split", place)
    separator = scalar(delimiter, "Fn::Split", place)
    if not separator:
        raise TemplateError(place, "Fn::Split takes a delimiter that is not empty")
    return [*scalar(value, "Fn::Split", place).split(separator)]


def select(argument: Json, place: Place) -> Json:
    """`Fn::Select`."""
    index, values = _pair(argument, "Fn::Select", place)
    if not isinstance(values, list):
        raise TemplateError(place, "Fn::Select takes an index and a list")
    try:
        position = int(scalar(index, "Fn::Select", place))
    except ValueError:
        raise TemplateError(place, f"Fn::Select: {index} is not an index") from None
    if not 0 <= position < len(values):
        raise TemplateError(
            place, f"Fn::Select: index {position} is outside a list of {len(values)}"
        )
    return values[position]


def find_in_map(argument: Json, mappings: Mapping[str, Json], place: Place) -> Json:
    """`Fn::FindInMap`, with the optional `DefaultValue` of AWS::LanguageExtensions."""
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        raise TemplateError(place, "Fn::FindInMap takes a map name and two keys")
    keys = [scalar(key, "Fn::FindInMap", place) for key in argument[:3]]
    level: Json = dict(mappings)
    for key in keys:
        if not isinstance(level, dict) or key not in level:
            if len(argument) == 4 and isinstance(argument[3], dict):
                return argument[3].get("DefaultValue")
            raise TemplateError(place, f"Fn::FindInMap: there is no {'.'.join(keys)} in Mappings")
        level = level[key]
    return level


def _encode(argument: Json, place: Place) -> Json:
    return base64.b64encode(scalar(argument, "Fn::Base64", place).encode()).decode()


def _length(argument: Json, place: Place) -> Json:
    if not isinstance(argument, list):
        raise TemplateError(place, "Fn::Length takes a list")
    return len(argument)


def _to_json_string(argument: Json, place: Place) -> Json:
    return json.dumps(argument, separators=(",", ":"))


def _import_value(argument: Json, place: Place) -> Json:
    raise TemplateError(
        place,
        f"Fn::ImportValue: {argument} is exported by another stack, which is not here",
        "take the value from a parameter and give it with --parameter-overrides",
    )


def _unsupported(argument: Json, place: Place) -> Json:
    raise TemplateError(
        place, "Fn::Cidr and Fn::Transform are not evaluated here", "write the value out"
    )


def _pair(argument: Json, function: str, place: Place) -> tuple[Json, Json]:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(place, f"{function} takes a list of two")
    return argument[0], argument[1]


VALUE_FUNCTIONS: Mapping[str, Callable[[Json, Place], Json]] = {
    "Fn::Base64": _encode,
    "Fn::Cidr": _unsupported,
    "Fn::ImportValue": _import_value,
    "Fn::Join": join,
    "Fn::Length": _length,
    "Fn::Select": select,
    "Fn::Split": split,
    "Fn::ToJsonString": _to_json_string,
    "Fn::Transform": _unsupported,
}
