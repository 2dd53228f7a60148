"""What creating one data resource takes and gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_gateway.template.document.source import JsonObject
from local_gateway.template.document.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A resource to create: resolved properties, and the name to use if they give none."""

    resource_type: str
    name: str
    properties: JsonObject
    stack: Stack


@dataclass(frozen=True, slots=True)
class Created:
    """What a created resource answers to `Ref` and, by attribute, to `Fn::GetAtt`."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


# Takes a boto3 client of the service; lets botocore's errors pass.
type Creator = Callable[[Any, Creation], Created]
