"""A template after loading: CloudFormation, conditions applied, intrinsics still in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_gateway.template.document.errors import Place
from local_gateway.template.document.problems import NotServedError
from local_gateway.template.document.source import Json, JsonObject, Source
from local_gateway.template.document.stack import Stack
from local_gateway.template.intrinsics.dynamic_references import DynamicReferences
from local_gateway.template.intrinsics.resolver import References, Resolver
from local_gateway.template.loading.resource_types import Treatment, treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of the translated template whose condition holds.

    The logical id of a resource of a nested stack is a path, such as `Nested/Function`; `source`
    and `stack` are the nested template and its stack. A resource that is `left_out` does nothing:
    it is there so that `Ref` and `Fn::GetAtt` to it have a value.
    """

    logical_id: str
    type: str
    properties: JsonObject
    source: Source
    stack: Stack
    metadata: JsonObject = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    left_out: bool = False

    @property
    def is_served(self) -> bool:
        """Whether it exists here, or has no effect on a laptop anyway."""
        return not self.left_out and treatment(self.type) is not Treatment.NOT_SERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenParameter:
    """A parameter of a nested stack whose value depends on resources of its parent."""

    declaration: JsonObject
    value: Json
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A loaded template; `warnings` are for the developer, one line each.

    The resources of nested stacks are among `resources`, with every reference resolved that
    crosses the border of a stack. `files` are all files that the template was read from.
    `not_served` is what the gateway leaves out because it does not serve it.
    """

    source: Source
    stack: Stack
    parameters: Mapping[str, Json]
    mappings: Mapping[str, Json]
    conditions: Mapping[str, Json]
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Json]
    given_parameters: tuple[GivenParameter, ...] = ()
    files: frozenset[Path] = frozenset()
    not_served: tuple[NotServedError, ...] = ()
    warnings: tuple[str, ...] = ()

    def resolver(self, references: References) -> Resolver:
        """A resolver for this template's values."""
        return Resolver(
            stack=self.stack,
            references=references,
            parameters=self.parameters,
            mappings=self.mappings,
            conditions=self.conditions,
        )

    def of_type(self, resource_type: str) -> list[Resource]:
        """The resources of a type that are not left out, in the template's order."""
        return [item for item in self.served if item.type == resource_type]

    @property
    def served(self) -> list[Resource]:
        """The resources that exist here, or have no effect on a laptop anyway."""
        return [item for item in self.resources.values() if item.is_served]

    def place(self, resource: Resource, *properties: str | int) -> Place:
        """The place of a resource or of one of its properties."""
        return resource.source.resource_place(resource.logical_id, *properties)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceValues:
    """The values of created data resources: `Ref` by logical id, `Fn::GetAtt` by id and name.

    `dynamic` has the values of dynamic references. `failed` could not be created: any value stands
    for theirs.
    """

    refs: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()
    dynamic: DynamicReferences = field(default_factory=DynamicReferences)
