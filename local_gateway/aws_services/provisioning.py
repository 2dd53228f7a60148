"""Creates a template's data resources in moto and reads what they answer to Ref and GetAtt.

The resources are created in waves. Each wave needs only what earlier waves created, so moto gets no
intrinsic functions, which its CloudFormation evaluates only partly.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.creators import (
    Creation,
    Creator,
    create_event_bus,
    create_group,
    create_queue,
    create_rule,
    create_stack,
    create_table,
    create_user_pool,
    create_user_pool_client,
)
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.source import JsonObject
from local_gateway.template.intrinsics.references import Reference, references
from local_gateway.template.intrinsics.resolver import Resolver
from local_gateway.template.loading.resource_types import DATA
from local_gateway.template.loading.template import Resource, ResourceValues, Template
from local_gateway.template.readers.resolved_template import ResolvedTemplate

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
    return Provisioner(endpoint_url, template.stack.region).provision(template)


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
    names = {reference.name for reference in references(resource.properties)}
    return names | set(resource.depends_on)


class Provisioner:
    """Creates data resources, and for the template's next version those that are new in it.

    What exists stays as it is, with what was stored in it: `outdated` names the resources whose
    properties have changed since they were created.
    """

    def __init__(self, endpoint_url: str, region: str) -> None:
        self._template: Template
        self._clients = MotoClients(endpoint_url, region)
        self._made: dict[str, Any] = {}
        self._existing: dict[str, tuple[str, JsonObject]] = {}
        self._answers: dict[Reference, str] = {}
        self._wanted: set[Reference] = set()
        self._stacks = 0
        self.outdated: tuple[str, ...] = ()

    def provision(self, template: Template) -> ResourceValues:
        """Create what does not exist yet; see the function of this name."""
        self._template = template
        self._wanted = set(_all_references(template))
        outdated: list[str] = []
        for wave in _waves(template):
            outdated += self._create(wave)
        self.outdated = tuple(outdated)
        return self._values()

    def _values(self) -> ResourceValues:
        refs = {item.name: value for item, value in self._answers.items() if not item.attribute}
        attributes = {
            (item.name, item.attribute): value
            for item, value in self._answers.items()
            if item.attribute
        }
        return ResourceValues(refs=refs, attributes=attributes)

    def _create(self, wave: list[Resource]) -> list[str]:
        """Create what is new in a wave; the names of what is not as it was created."""
        resolver = ResolvedTemplate(self._template, self._values()).resolver
        resolved = {item.logical_id: _resolved(item, self._template, resolver) for item in wave}
        new = [item for item in wave if item.logical_id not in self._existing]
        stacked = {
            item.logical_id: (item, resolved[item.logical_id])
            for item in new
            if item.type not in _CREATORS
        }
        if stacked:
            self._create_stack(stacked)
        for item in new:
            if item.type in _CREATORS:
                self._create_one(item, resolved[item.logical_id])
        asked = {item.logical_id: (item.type, resolved[item.logical_id]) for item in wave}
        return [name for name, wanted in asked.items() if self._existing[name] != wanted]

    def _create_stack(self, resources: Mapping[str, tuple[Resource, JsonObject]]) -> None:
        self._stacks += 1
        name = f"{self._template.stack.name}-{self._stacks}"
        client = self._client("cloudformation")
        try:
            self._answers |= create_stack(client, name, resources, self._wanted)
        except _REFUSALS as error:
            raise self._refused([item for item, _ in resources.values()], error) from None
        for name, (item, properties) in resources.items():
            self._existing[name] = (item.type, properties)

    def _create_one(self, item: Resource, properties: JsonObject) -> None:
        service, create = _CREATORS[item.type]
        creation = Creation(
            resource_type=item.type,
            name=item.stack.physical_name(item.logical_id),
            properties=properties,
            stack=self._template.stack,
        )
        try:
            created = create(self._client(service), creation)
        except _REFUSALS as error:
            raise self._refused([item], error) from None
        self._existing[item.logical_id] = (item.type, properties)
        self._answers[Reference(item.logical_id)] = created.ref
        for attribute, value in created.attributes.items():
            self._answers[Reference(item.logical_id, attribute)] = value

    def _client(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self._clients.client(service)
        return self._made[service]

    def _refused(self, resources: list[Resource], error: Exception) -> TemplateError:
        message = _message(error)
        culprits = [
            item for item in resources if item.logical_id.rpartition("/")[2] in message
        ] or resources
        names = ", ".join(item.logical_id for item in culprits)
        return TemplateError(
            self._template.place(culprits[0]), f"moto could not create {names}: {message}"
        )


def _resolved(item: Resource, template: Template, resolver: Resolver) -> JsonObject:
    members = {
        name: resolver.resolve(value, template.place(item, name))
        for name, value in item.properties.items()
    }
    return {name: value for name, value in members.items() if value is not None}


def _all_references(template: Template) -> Iterable[Reference]:
    for resource in template.resources.values():
        yield from references(resource.properties)
    for value in template.outputs.values():
        yield from references(value)


def _message(error: Exception) -> str:
    """A sentence; a failure inside moto comes as a page of HTML without a reason."""
    text = str(error)
    if isinstance(error, ClientError):
        detail: Any = error.response.get("Error", {})
        text = str(detail.get("Message") or detail.get("Code") or error)
    if isinstance(error, ResponseParserError) or "<html" in text:
        return "moto failed on it; check its properties"
    return text[:300]
