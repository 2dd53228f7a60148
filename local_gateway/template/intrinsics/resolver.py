"""Evaluates CloudFormation's intrinsic functions.

Rules: CloudFormation user guide, intrinsic-function-reference. `References` answers `Ref` and
`Fn::GetAtt`, so the same code serves before and after the data resources exist.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from local_gateway.template.document.errors import Place, TemplateError, did_you_mean
from local_gateway.template.document.source import Json, JsonObject, scalar_text
from local_gateway.template.document.stack import Stack
from local_gateway.template.intrinsics.dynamic_references import DynamicReferences

# In a condition, a text that begins like this stands for a value that only a created resource has.
# Such a value is never empty, and equals nothing that is written in a template.
PENDING = "\0"

_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]*)\}")


class References(Protocol):
    """The values of references to the resources of a template."""

    def ref(self, logical_id: str, place: Place) -> Json:
        """The value of `{"Ref": logical_id}`."""

    def attribute(self, logical_id: str, name: str, place: Place) -> Json:
        """The value of `{"Fn::GetAtt": [logical_id, name]}`."""

    def imported(self, name: str, place: Place) -> Json:
        """The value of `{"Fn::ImportValue": name}`."""


class _Omitted:
    """`AWS::NoValue`: the property or item is left out."""


OMITTED = _Omitted()

type _Result = Json | _Omitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Resolves values when all parameters have one; every failure is a `TemplateError`."""

    stack: Stack
    references: References
    parameters: Mapping[str, Json] = field(default_factory=dict)
    mappings: Mapping[str, Json] = field(default_factory=dict)
    conditions: Mapping[str, Json] = field(default_factory=dict)
    dynamic: DynamicReferences | None = None

    def resolve(self, value: Json, place: Place) -> Json:
        """`value` with every intrinsic replaced; `AWS::NoValue` at the top becomes None.

        Dynamic references are replaced once the resources exist.
        """
        result = self._value(value, place)
        return result if self.dynamic is None else self.dynamic.replaced(result, place)

    def _value(self, value: Json, place: Place) -> Json:
        result = self._evaluate(value, place)
        return None if isinstance(result, _Omitted) else result

    def condition(self, name: str, place: Place) -> bool:
        """The value of a named condition."""
        if name not in self.conditions:
            raise TemplateError(
                place,
                f"there is no condition {name}",
                did_you_mean(name, list(self.conditions)) or "declare it under Conditions",
            )
        try:
            return self._truth(self.conditions[name], place)
        except RecursionError:
            raise TemplateError(place, f"the condition {name} depends on itself") from None

    def _evaluate(self, value: Json, place: Place) -> _Result:
        if isinstance(value, list):
            items = [self._evaluate(item, place) for item in value]
            return [item for item in items if not isinstance(item, _Omitted)]
        if not isinstance(value, dict):
            return value
        if (call := intrinsic(value)) is not None:
            name, argument = call
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](self, argument, place)
            return _VALUE_FUNCTIONS[name](self._value(argument, place), place)
        members = {key: self._evaluate(member, place) for key, member in value.items()}
        return {key: item for key, item in members.items() if not isinstance(item, _Omitted)}

    def _ref(self, argument: Json, place: Place) -> _Result:
        name = _name(argument, "Ref", place)
        if name == "AWS::NoValue":
            return OMITTED
        pseudo = self.stack.pseudo_parameters()
        if name in pseudo:
            return pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        return self.references.ref(name, place)

    def _get_att(self, argument: Json, place: Place) -> _Result:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(parts, list) or len(parts) < 2:
            raise TemplateError(place, "Fn::GetAtt takes a logical id and an attribute name")
        logical_id, *rest = (self._string(part, "Fn::GetAtt", place) for part in parts)
        return self.references.attribute(logical_id, ".".join(rest), place)

    def _sub(self, argument: Json, place: Place) -> _Result:
        variables: dict[str, Json] = {}
        if isinstance(argument, list):
            argument, second = argument if len(argument) == 2 else (None, None)
            if not isinstance(second, dict):
                raise TemplateError(place, "Fn::Sub takes a string, or a string and a map")
            variables = second
        text = _name(argument, "Fn::Sub", place)

        def replace(match: re.Match[str]) -> str:
            literal, name = match.group(1), match.group(2).strip()
            if literal:
                return f"${{{match.group(2)}}}"
            if name in variables:
                value = self._value(variables[name], place)
            elif "." in name:
                logical_id, attribute = name.split(".", 1)
                value = self.references.attribute(logical_id, attribute, place)
            else:
                value = self._value({"Ref": name}, place)
            return scalar(value, f"Fn::Sub: ${{{name}}}", place)

        return _SUBSTITUTION.sub(replace, text)

    def _if(self, argument: Json, place: Place) -> _Result:
        if not isinstance(argument, list) or len(argument) != 3:
            raise TemplateError(place, "Fn::If takes a condition and two values")
        name = _name(argument[0], "Fn::If", place)
        return self._evaluate(argument[1 if self.condition(name, place) else 2], place)

    def _truth(self, value: Json, place: Place) -> bool:
        """A condition: Fn::And, Or, Not, Equals, Condition, or a literal."""
        members = value if isinstance(value, dict) and len(value) == 1 else {"": value}
        name, argument = next(iter(members.items()))
        if name == "Condition":
            return self.condition(_name(argument, "Condition", place), place)
        items = argument if isinstance(argument, list) else []
        if name == "Fn::Equals" and len(items) == 2:
            left, right = (self._value(item, place) for item in items)
            return _are_equal(_comparable(left), _comparable(right), place)
        if name == "Fn::Not" and len(items) == 1:
            return not self._truth(items[0], place)
        if name in ("Fn::And", "Fn::Or") and items:
            combine = all if name == "Fn::And" else any
            return combine(self._truth(item, place) for item in items)
        if value in (True, False, "true", "false"):
            return value in (True, "true")
        raise TemplateError(
            place,
            f"not a condition: {json.dumps(value)[:80]}",
            "expected Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition",
        )

    def _find_in_map(self, argument: Json, place: Place) -> _Result:
        return _look_up(self._value(argument, place), self.mappings, place)

    def _import_value(self, argument: Json, place: Place) -> _Result:
        return self.references.imported(self._string(argument, "Fn::ImportValue", place), place)

    def _get_azs(self, argument: Json, place: Place) -> _Result:
        region = self._value(argument, place) or self.stack.region
        return [f"{region}{letter}" for letter in "abc"]

    def _string(self, value: Json, function: str, place: Place) -> str:
        return scalar(self._value(value, place), function, place)


_FUNCTIONS: Mapping[str, Callable[[Resolver, Json, Place], _Result]] = {
    "Ref": Resolver._ref,
    "Fn::FindInMap": Resolver._find_in_map,
    "Fn::GetAZs": Resolver._get_azs,
    "Fn::GetAtt": Resolver._get_att,
    "Fn::If": Resolver._if,
    "Fn::ImportValue": Resolver._import_value,
    "Fn::Sub": Resolver._sub,
}


def intrinsic(value: JsonObject) -> tuple[str, Json] | None:
    """The function's name and argument when an object is an intrinsic, else None."""
    if len(value) != 1:
        return None
    name, argument = next(iter(value.items()))
    return (name, argument) if name in _FUNCTIONS or name in _VALUE_FUNCTIONS else None


def _comparable(value: Json) -> Json:
    """Parameters are text, so a literal true or 3 compares as `true` or `3`."""
    return scalar_text(value) if isinstance(value, (bool, int, float)) else value


def _are_equal(left: Json, right: Json, place: Place) -> bool:
    sides = (left, right)
    is_pending = any(isinstance(side, str) and PENDING in side for side in sides)
    if is_pending and left != right and "" not in sides:
        raise TemplateError(
            place,
            "a condition compares a parameter whose value comes from a resource of the parent "
            "stack, which does not exist yet",
            "compare it with an empty text only",
        )
    return left == right


def _name(value: Json, function: str, place: Place) -> str:
    if not isinstance(value, str):
        raise TemplateError(place, f"{function} takes text, found {json.dumps(value)[:80]}")
    return value


def scalar(value: Json, function: str, place: Place) -> str:
    """`value` as text; a list, an object or nothing at all is an error."""
    if value is None or isinstance(value, (list, dict)):
        raise TemplateError(place, f"{function}: expected text, found {json.dumps(value)[:80]}")
    return scalar_text(value)


def _join(argument: Json, place: Place) -> Json:
    delimiter, values = _pair(argument, "Fn::Join", place)
    if not isinstance(values, list):
        raise TemplateError(place, "Fn::Join takes a delimiter and a list")
    parts = [scalar(value, "Fn::Join", place) for value in values]
    return scalar(delimiter, "Fn::Join", place).join(parts)


def _split(argument: Json, place: Place) -> Json:
    delimiter, value = _pair(argument, "Fn::Split", place)
    separator = scalar(delimiter, "Fn::Split", place)
    if not separator:
        raise TemplateError(place, "Fn::Split takes a delimiter that is not empty")
    return [*scalar(value, "Fn::Split", place).split(separator)]


def _select(argument: Json, place: Place) -> Json:
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


def _look_up(argument: Json, mappings: Mapping[str, Json], place: Place) -> Json:
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


def _unsupported(argument: Json, place: Place) -> Json:
    raise TemplateError(place, "Fn::Cidr is not evaluated here", "write the value out")


def _pair(argument: Json, function: str, place: Place) -> tuple[Json, Json]:
    if not isinstance(argument, list) or len(argument) != 2:
        raise TemplateError(place, f"{function} takes a list of two")
    return argument[0], argument[1]


_VALUE_FUNCTIONS: Mapping[str, Callable[[Json, Place], Json]] = {
    "Fn::Base64": _encode,
    "Fn::Cidr": _unsupported,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::ToJsonString": _to_json_string,
}
