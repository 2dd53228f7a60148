"""The names that a CloudFormation template may use: sections, resource attributes, properties.

They come from CloudFormation's own schemas: `make properties` writes the file again.
"""

import json
from functools import cache
from pathlib import Path
from typing import TypedDict

FILE = Path(__file__).with_suffix(".json")


class ResourceProperties(TypedDict):
    """The content of the file: names with spaces between, properties by type."""

    generated_from: str
    template_sections: str
    resource_attributes: str
    properties: dict[str, str]


def template_sections() -> tuple[str, ...]:
    """The keys of a template."""
    return tuple(_document()["template_sections"].split())


def resource_attributes() -> tuple[str, ...]:
    """The keys of a resource, beside `Properties`."""
    return tuple(_document()["resource_attributes"].split())


def properties_of_type(name: str) -> tuple[str, ...]:
    """The properties that a template can set.

    `name` is a resource type, or one of its property types as CloudFormation writes it:
    `AWS::Lambda::Function.Environment`. Empty for a type that is neither served nor created.
    """
    return tuple(_document()["properties"].get(name, "").split())


@cache
def members_of_type(name: str) -> frozenset[str]:
    """The properties of a resource type, and those of all its property types."""
    inner = f"{name}."
    return frozenset(
        member
        for kind, members in _document()["properties"].items()
        if kind == name or kind.startswith(inner)
        for member in members.split()
    )


@cache
def _document() -> ResourceProperties:
    document: ResourceProperties = json.loads(FILE.read_text("utf-8"))
    return document
