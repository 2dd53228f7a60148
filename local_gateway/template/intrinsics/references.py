"""Finds what values refer to, refuses references that lead nowhere, and replaces references."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from local_gateway.template.document.errors import Place, TemplateError, did_you_mean
from local_gateway.template.document.problems import Problems
from local_gateway.template.document.source import Json, Source, as_list, as_object

_SUBSTITUTION = re.compile(r"\$\{([^!}][^}]*)\}")
# Variables of other languages that people write into `Fn::Sub`.
_NOT_OF_SUB = ("request", "context", "integration", "stageVariables", "route")


@dataclass(frozen=True, slots=True)
class Reference:
    """A `Ref` (no attribute), or a `Fn::GetAtt`."""

    name: str
    attribute: str | None = None

    @classmethod
    def from_dotted(cls, text: str) -> "Reference":
        """`Name` or `Name.Attribute`."""
        name, _, attribute = text.partition(".")
        return cls(name, attribute or None)

    def __str__(self) -> str:
        return f"{self.name}.{self.attribute}" if self.attribute else self.name


def references(value: Json) -> Iterator[Reference]:
    """Every `Ref`, `Fn::GetAtt` and `Fn::Sub` variable in a value, pseudo parameters left out."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            for reference in _of_function(name, argument):
                if not reference.name.startswith("AWS::"):
                    yield reference
        for member in value.values():
            yield from references(member)


def _of_function(function: str, argument: Json) -> Iterator[Reference]:
    match function, argument:
        case "Ref", str(name):
            yield Reference(name)
        case "Fn::GetAtt", str(text):
            yield Reference.from_dotted(text)
        case "Fn::GetAtt", list(parts):
            if texts := [part for part in parts if isinstance(part, str)]:
                yield Reference.from_dotted(".".join(texts))
        case "Fn::Sub", _:
            for name in _sub_variables(argument):
                yield Reference.from_dotted(name)


def _sub_variables(argument: Json) -> Iterator[str]:
    """The variables of `Fn::Sub` that its own map does not define."""
    items = as_list(argument)
    text = items[0] if items else argument
    own = as_object(items[1]) if len(items) > 1 else {}
    for match in _SUBSTITUTION.finditer(text if isinstance(text, str) else ""):
        if (name := match.group(1).strip()) not in own:
            yield name


def check_references(
    source: Source, resources: Json, names: frozenset[str], problems: Problems
) -> None:
    """Refuse a reference to anything but `names`, the parameters and resources.

    CloudFormation does the same before it creates anything, also for parts that are not served.
    """
    generated: dict[tuple[str, str], Place] = {}
    remedies: dict[tuple[str, str], str] = {}
    for logical_id, resource in as_object(resources).items():
        for name, value in as_object(as_object(resource).get("Properties")).items():
            for reference in references(value):
                if reference.name.partition(".")[0] not in names:
                    remedy = did_you_mean(reference.name, names)
                    if reference.name in _NOT_OF_SUB:
                        remedy = f"inside Fn::Sub write ${{!{reference}}}"
                    place = source.resource_place(logical_id, name)
                    cause = f"{reference} refers to no resource or parameter of the template"
                    if source.is_written(logical_id):
                        problems.add(TemplateError(place, cause, remedy))
                        continue
                    # SAM repeats a reference in several resources: one of them is enough, best the
                    # one that was made from a property with a line of its own.
                    key = (source.origin(logical_id), str(reference))
                    if key not in generated or "." in (place.property or ""):
                        generated[key] = place
                        remedies[key] = remedy
    for (origin, name), place in generated.items():
        cause = f"{name} refers to no resource or parameter of the template"
        problems.add(TemplateError(place, cause, remedies[origin, name]))


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Replaces what a value refers to.

    `reference` returns what replaces a reference, None to keep it. `condition` decides `Fn::If`.
    `prefix` comes before the names of maps.
    """

    reference: Callable[[Reference, Place], Json]
    condition: Callable[[str, Place], bool] | None = None
    prefix: str = ""

    def rewrite(self, value: Json, place: Place) -> Json:
        """`value` with everything in it replaced."""
        if isinstance(value, list):
            return [self.rewrite(item, place) for item in value]
        if not isinstance(value, dict):
            return value
        match next(iter(value.items())) if len(value) == 1 else None:
            case "Ref", str(name):
                return self._replaced(Reference(name), place, value)
            case "Fn::GetAtt", str(text):
                return self._attribute([*text.split(".", 1)], place)
            case "Fn::GetAtt", list(parts):
                return self._attribute(parts, place)
            case "Fn::Sub", argument:
                return {"Fn::Sub": self._substitution(argument, place)}
            case "Fn::If", [str(name), yes, no] if self.condition is not None:
                return self.rewrite(yes if self.condition(name, place) else no, place)
            case "Fn::FindInMap", [name, *keys] if self.prefix:
                rest = [self.rewrite(key, place) for key in keys]
                return {"Fn::FindInMap": [self._map_name(name, place), *rest]}
        return {key: self.rewrite(member, place) for key, member in value.items()}

    def _replaced(self, reference: Reference, place: Place, value: Json) -> Json:
        replacement = self.reference(reference, place)
        return value if replacement is None else replacement

    def _attribute(self, parts: list[Json], place: Place) -> Json:
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) == len(parts) > 1:
            reference = Reference(texts[0], ".".join(texts[1:]))
            return self._replaced(reference, place, {"Fn::GetAtt": parts})
        # The attribute's name may be an intrinsic; the resource's may not.
        first = self.rewrite({"Ref": parts[0]}, place) if parts else None
        name = as_object(first).get("Ref", parts[0] if parts else None)
        return {"Fn::GetAtt": [name, *(self.rewrite(part, place) for part in parts[1:])]}

    def _substitution(self, argument: Json, place: Place) -> Json:
        items = as_list(argument)
        variables = as_object(self.rewrite(items[1], place)) if len(items) > 1 else {}
        for name in _sub_variables(argument):
            if (replacement := self.reference(Reference.from_dotted(name), place)) is not None:
                variables[name] = replacement
        return [items[0] if items else argument, variables] if variables else argument

    def _map_name(self, name: Json, place: Place) -> Json:
        if isinstance(name, str):
            return f"{self.prefix}{name}"
        return {"Fn::Join": ["", [self.prefix, self.rewrite(name, place)]]}
