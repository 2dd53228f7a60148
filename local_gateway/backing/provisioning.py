"""Creates a template's data resources in moto and reads what they answer to Ref and GetAtt.

The resources are created in waves: each wave needs only what earlier waves created, so nothing
that is sent to moto holds an intrinsic, which its CloudFormation evaluates only partly.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from local_gateway.backing.clients import MotoClients
from local_gateway.backing.cognito import (
    create_group,
    create_user_pool,
    create_user_pool_client,
)
from local_gateway.backing.creation import Creation, Creator
from local_gateway.backing.dynamodb import create_table
from local_gateway.backing.events import create_event_bus, create_rule
from local_gateway.backing.sqs import create_queue
from local_gateway.backing.stack import create_stack
from local_gateway.template.errors import TemplateError
from local_gateway.template.json_value import JsonObject
from local_gateway.template.physical_ids import generated_name
from local_gateway.template.reference_check import Reference, references
from local_gateway.template.references import ResourceReferences
from local_gateway.template.resource_types import DATA
from local_gateway.template.template import Resource, ResourceValues, Template

_CREATORS: Mapping[str, tuple[str, Creator]] = {
    "AWS::Cognito::UserPool": ("cognito-idp", create_user_pool),
    "AWS::Cognito::UserPoolClient": ("cognito-idp", create_user_pool_client),
    "AWS::Cognito::UserPoolGroup": ("cognito-idp", create_group),
    "AWS::DynamoDB::Table": ("dynamodb", create_table),
    "AWS::Events::EventBus": ("events", create_event_bus),
    "AWS::Events::Rule": ("events", create_rule),
    "AWS::SQS::Queue": ("sqs", create_queue),
}

# A failure inside moto arrives as an HTML page, which is a ResponseParserError.
_REFUSALS = (ClientError, BotoCoreError, ResponseParserError)


def provision(endpoint_url: str, template: Template) -> ResourceValues:
    """Create every data resource of `template` in the moto server at `endpoint_url`.

    Answers what they return for `Ref` and for each `Fn::GetAtt` in the template. Raises
    `TemplateError` when moto refuses one, or when they depend on each other in a circle.
    """
    provisioner = _Provisioner(template, MotoClients(endpoint_url, template.stack.region))
    for number, wave in enumerate(_waves(template), start=1):
        provisioner.create(wave, number)
    return provisioner.values


def _waves(template: Template) -> Iterable[list[Resource]]:
    pending = {item.logical_id: item for item in template.resources.values() if item.type in DATA}
    needs = {name: _needs(item) & pending.keys() for name, item in pending.items()}
    while pending:
        wave = [item for name, item in pending.items() if not needs[name] & pending.keys()]
        if not wave:
            first = next(iter(pending.values()))
            circle = ", ".join(pending)
            raise TemplateError(template.place(first), f"resources depend on each other: {circle}")
        yield wave
        for item in wave:
            del pending[item.logical_id]


def _needs(resource: Resource) -> set[str]:
    found = {reference.name for reference in references(resource.properties)}
    return found | set(resource.depends_on)


class _Provisioner:
    def __init__(self, template: Template, clients: MotoClients) -> None:
        self._template = template
        self._clients = clients
        self._made: dict[str, Any] = {}
        self._answers: dict[Reference, str] = {}
        self._wanted = set(_all_references(template))

    @property
    def values(self) -> ResourceValues:
        refs = {item.name: value for item, value in self._answers.items() if not item.attribute}
        attributes = {
            (item.name, item.attribute): value
            for item, value in self._answers.items()
            if item.attribute
        }
        return ResourceValues(refs=refs, attributes=attributes)

    def create(self, wave: list[Resource], number: int) -> None:
        found = ResourceReferences(self._template, self.values)
        resolved = {item.logical_id: _resolved(item, self._template, found) for item in wave}
        stacked = {
            item.logical_id: (item, resolved[item.logical_id])
            for item in wave
            if item.type not in _CREATORS
        }
        if stacked:
            self._create_stack(stacked, number)
        for item in wave:
            if item.type in _CREATORS:
                self._create_one(item, resolved[item.logical_id])

    def _create_stack(
        self, resources: Mapping[str, tuple[Resource, JsonObject]], number: int
    ) -> None:
        name = f"{self._template.stack.name}-{number}"
        client = self._client("cloudformation")
        try:
            self._answers |= create_stack(client, name, resources, self._wanted)
        except _REFUSALS as error:
            raise self._refused([item for item, _ in resources.values()], error) from None

    def _create_one(self, item: Resource, properties: JsonObject) -> None:
        service, create = _CREATORS[item.type]
        stack = self._template.stack
        creation = Creation(
            resource_type=item.type,
            name=generated_name(stack, item.logical_id),
            properties=properties,
            stack=stack,
        )
        try:
            created = create(self._client(service), creation)
        except _REFUSALS as error:
            raise self._refused([item], error) from None
        self._answers[Reference(item.logical_id)] = created.ref
        for attribute, value in created.attributes.items():
            self._answers[Reference(item.logical_id, attribute)] = value

    def _client(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self._clients.client(service)
        return self._made[service]

    def _refused(self, resources: list[Resource], error: Exception) -> TemplateError:
        message = _message(error)
        culprits = [item for item in resources if item.logical_id in message] or resources
        names = ", ".join(item.logical_id for item in culprits)
        return TemplateError(
            self._template.place(culprits[0]), f"moto could not create {names}: {message}"
        )


def _resolved(item: Resource, template: Template, found: ResourceReferences) -> JsonObject:
    members = {
        name: found.resolver.resolve(value, template.place(item, name))
        for name, value in item.properties.items()
    }
    return {name: value for name, value in members.items() if value is not None}


def _all_references(template: Template) -> Iterable[Reference]:
    for resource in template.resources.values():
        yield from references(resource.properties)
    for value in template.outputs.values():
        yield from references(value)


def _message(error: Exception) -> str:
    """A sentence; a failure inside moto comes as a page of HTML, which says nothing."""
    text = str(error)
    if isinstance(error, ClientError):
        detail: Any = error.response.get("Error", {})
        text = str(detail.get("Message") or detail.get("Code") or error)
    if isinstance(error, ResponseParserError) or "<html" in text:
        return "moto failed while it did; is a property of it wrong?"
    return text[:300]
