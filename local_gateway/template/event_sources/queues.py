"""The queues of a template, found by their ARN or name of it."""

from dataclasses import dataclass
from functools import cached_property

from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.template import Resource, Template
from local_gateway.template.readers.properties import Properties, properties_of
from local_gateway.template.readers.references import ResourceReferences

DEFAULT_VISIBILITY_TIMEOUT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePart:
    """A queue that exists; `visibility_timeout` is seconds."""

    arn: str
    url: str
    visibility_timeout: int

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps the order of messages."""
        return self.arn.endswith(".fifo")


class QueueDirectory:
    """Finds the `AWS::SQS::Queue` resources of a template by ARN."""

    def __init__(self, template: Template, references: ResourceReferences) -> None:
        self._template = template
        self._references = references

    def get(self, arn: str) -> QueuePart | None:
        """The queue with this ARN, if it is in the template."""
        return self._by_arn.get(arn)

    @cached_property
    def _by_arn(self) -> dict[str, QueuePart]:
        parts = [self._part(resource) for resource in self._template.of_type("AWS::SQS::Queue")]
        return {part.arn: part for part in parts}

    def _part(self, resource: Resource) -> QueuePart:
        properties = properties_of(resource, self._references.resolver)
        place = properties.place()
        timeout = properties.integer("VisibilityTimeout")
        return QueuePart(
            arn=str(self._references.attribute(resource.logical_id, "Arn", place)),
            url=str(self._references.ref(resource.logical_id, place)),
            visibility_timeout=DEFAULT_VISIBILITY_TIMEOUT if timeout is None else timeout,
        )

    def find(self, properties: Properties, name: str) -> QueuePart:
        """The queue whose ARN a property holds."""
        arn = properties.text(name)
        if arn not in self._by_arn:
            raise TemplateError(
                properties.place(name),
                f"{arn} is not a queue of this template",
                "expected the ARN of an AWS::SQS::Queue, with Fn::GetAtt",
            )
        return self._by_arn[arn]
