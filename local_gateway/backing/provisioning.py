"""Creates a template's data resources in moto and reads what they answer to Ref and GetAtt.

The resources are created in waves: each wave needs only what earlier waves created, so moto gets
templates without a single intrinsic, which its CloudFormation evaluates only partly.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from local_gateway.backing.clients import MotoClients
from local_gateway.backing.cognito import CognitoResources
from local_gateway.template.errors import TemplateError
from local_gateway.template.json_value import Json, JsonObject, as_object
from local_gateway.template.reference_check import Reference, references
from local_gateway.template.references import ResourceReferences
from local_gateway.template.resource_types import COGNITO, STACK
from local_gateway.template.template import Resource, ResourceValues, Template

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
    pending = {
        item.logical_id: item
        for item in template.resources.values()
        if item.type in STACK | COGNITO
    }
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
        self._cognito: CognitoResources | None = None
        self._refs: dict[str, str] = {}
        self._attributes: dict[tuple[str, str], str] = {}
        self._wanted = set(_all_references(template))

    @property
    def values(self) -> ResourceValues:
        return ResourceValues(refs=dict(self._refs), attributes=dict(self._attributes))

    def create(self, wave: list[Resource], number: int) -> None:
        found = ResourceReferences(self._template, self.values)
        resolved = {item.logical_id: _resolved(item, self._template, found) for item in wave}
        stacked = [item for item in wave if item.type in STACK]
        if stacked:
            self._create_stack(stacked, resolved, number)
        for item in wave:
            if item.type in COGNITO:
                self._create_cognito(item, resolved[item.logical_id])
            elif item.type == "AWS::DynamoDB::Table":
                self._set_time_to_live(item, resolved[item.logical_id])

    def _create_stack(
        self, wave: list[Resource], resolved: Mapping[str, JsonObject], number: int
    ) -> None:
        outputs = _outputs(wave, self._wanted)
        body = {
            "Resources": {
                item.logical_id: {"Type": item.type, "Properties": resolved[item.logical_id]}
                for item in wave
            },
            "Outputs": {key: {"Value": value} for key, (_, value) in outputs.items()},
        }
        name = self._template.stack.name if number == 1 else f"{self._template.stack.name}-{number}"
        cloudformation = self._clients.client("cloudformation")
        try:
            cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(body))
            stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except _REFUSALS as error:
            raise self._refused(wave, error) from None
        for output in stack.get("Outputs", []):
            reference, _ = outputs[output["OutputKey"]]
            self._remember(reference, output["OutputValue"])

    def _create_cognito(self, item: Resource, properties: JsonObject) -> None:
        if self._cognito is None:
            client = self._clients.client("cognito-idp")
            self._cognito = CognitoResources(client, self._template.stack.region)
        name = f"{self._template.stack.name}-{item.logical_id}"
        try:
            ref, attributes = self._cognito.create(item.type, name, properties)
        except _REFUSALS as error:
            raise self._refused([item], error) from None
        self._remember(Reference(item.logical_id), ref)
        for attribute, value in attributes.items():
            self._remember(Reference(item.logical_id, attribute), value)

    def _set_time_to_live(self, item: Resource, properties: JsonObject) -> None:
        """moto's CloudFormation passes over this property of a table."""
        specification = as_object(properties.get("TimeToLiveSpecification"))
        if specification:
            self._clients.client("dynamodb").update_time_to_live(
                TableName=self._refs[item.logical_id], TimeToLiveSpecification=specification
            )

    def _remember(self, reference: Reference, value: str) -> None:
        if reference.attribute is None:
            self._refs[reference.name] = value
        else:
            self._attributes[reference.name, reference.attribute] = value

    def _refused(self, wave: list[Resource], error: Exception) -> TemplateError:
        message = _message(error)
        culprits = [item for item in wave if item.logical_id in message] or wave
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


def _outputs(
    wave: list[Resource], wanted: set[Reference]
) -> dict[str, tuple[Reference, JsonObject]]:
    """Outputs by key, with what each of them answers."""
    names = {item.logical_id for item in wave}
    found = [Reference(name) for name in sorted(names)]
    found += sorted(
        (item for item in wanted if item.name in names and item.attribute is not None),
        key=lambda item: (item.name, item.attribute or ""),
    )
    return {f"Value{number}": (item, _intrinsic(item)) for number, item in enumerate(found)}


def _intrinsic(reference: Reference) -> JsonObject:
    if reference.attribute is None:
        return {"Ref": reference.name}
    path: list[Json] = [reference.name, reference.attribute]
    return {"Fn::GetAtt": path}


def _all_references(template: Template) -> Iterable[Reference]:
    for resource in template.resources.values():
        yield from references(resource.properties)
    for value in template.outputs.values():
        yield from references(value)


def _message(error: Exception) -> str:
    if isinstance(error, ClientError):
        detail: Any = error.response.get("Error", {})
        return str(detail.get("Message") or detail.get("Code") or error)[:300]
    return str(error)[:300]
