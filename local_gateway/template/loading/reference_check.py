"""Finds the references in a template, and those that lead nowhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.document.json_value import Json, as_list, as_object
from local_gateway.template.document.source import Source

_SUBSTITUTION = re.compile(r"\$\{([^!}][^}]*)\}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A `Ref` (no attribute) or a `Fn::GetAtt`, found anywhere in a value."""

    name: str
    attribute: str | None = None


def references(value: Json) -> Iterator[Reference]:
    """Every `Ref`, `Fn::GetAtt` and `Fn::Sub` variable in a value, pseudo parameters left out."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            yield from _direct(name, argument)
        for member in value.values():
            yield from references(member)


def _direct(function: str, argument: Json) -> Iterator[Reference]:
    if function == "Ref" and isinstance(argument, str):
        found = Reference(argument)
    elif function == "Fn::GetAtt" and isinstance(argument, str):
        found = _dotted(argument)
    elif function == "Fn::GetAtt" and [part for part in as_list(argument) if isinstance(part, str)]:
        found = _dotted(".".join(part for part in as_list(argument) if isinstance(part, str)))
    elif function == "Fn::Sub":
        yield from _substitutions(argument)
        return
    else:
        return
    if not found.name.startswith("AWS::"):
        yield found


def _substitutions(argument: Json) -> Iterator[Reference]:
    items = as_list(argument)
    text = items[0] if items else argument
    own = as_object(items[1]) if len(items) > 1 else {}
    for match in _SUBSTITUTION.finditer(text if isinstance(text, str) else ""):
        name = match.group(1).strip()
        if name not in own and not name.startswith("AWS::"):
            yield _dotted(name)


def _dotted(text: str) -> Reference:
    name, _, attribute = text.partition(".")
    return Reference(name, attribute or None)


def check_references(source: Source, resources: Json, known: frozenset[str]) -> None:
    """Refuse a reference to something that is neither a parameter nor a resource.

    CloudFormation does the same before it creates anything, also for parts that are not served.
    """
    for logical_id, resource in as_object(resources).items():
        for name, value in as_object(as_object(resource).get("Properties")).items():
            for reference in references(value):
                if reference.name not in known:
                    raise _unknown(source, logical_id, name, reference, known)


def _unknown(
    source: Source, logical_id: str, name: str, reference: Reference, known: frozenset[str]
) -> TemplateError:
    text = f"{reference.name}.{reference.attribute}" if reference.attribute else reference.name
    remedy = did_you_mean(reference.name, known)
    if reference.name in ("request", "context", "integration", "stageVariables", "route"):
        remedy = f"inside Fn::Sub write ${{!{text}}}"
    return TemplateError(
        source.resource_place(logical_id, name),
        f"{text} refers to no resource or parameter of the template",
        remedy,
    )
