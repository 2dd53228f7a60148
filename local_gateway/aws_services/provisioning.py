"""Creates a template's data resources in moto and reads what they answer to Ref and GetAtt.

The resources are created in waves, each of which needs only what earlier waves created, with calls
to their services. moto's own CloudFormation is not used: it evaluates intrinsic functions only
partly, lacks attributes, and says nothing when a stack fails.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.creators import (
    Creation,
    Creator,
    NotHereError,
    create_activity,
    create_bucket,
    create_data_stream,
    create_event_bus,
    create_group,
    create_key,
    create_parameter,
    create_queue,
    create_rule,
    create_secret,
    create_state_machine,
    create_subscription,
    create_table,
    create_topic,
    create_user_pool,
    create_user_pool_client,
)
from local_gateway.aws_services.parameters import ConvertingClient, WrongParameterError
from local_gateway.aws_services.stored_values import StoredValues
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.problems import NotServedError, Problems
from local_gateway.template.document.source import JsonObject
from local_gateway.template.intrinsics.dynamic_references import DynamicReferences, LookUp
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
    "AWS::KMS::Key": ("kms", create_key),
    "AWS::Kinesis::Stream": ("kinesis", create_data_stream),
    "AWS::S3::Bucket": ("s3", create_bucket),
    "AWS::SNS::Subscription": ("sns", create_subscription),
    "AWS::SNS::Topic": ("sns", create_topic),
    "AWS::SQS::Queue": ("sqs", create_queue),
    "AWS::SSM::Parameter": ("ssm", create_parameter),
    "AWS::SecretsManager::Secret": ("secretsmanager", create_secret),
    "AWS::StepFunctions::Activity": ("stepfunctions", create_activity),
    "AWS::StepFunctions::StateMachine": ("stepfunctions", create_state_machine),
}


def provision(endpoint_url: str, template: Template) -> ResourceValues:
    """Create every data resource of `template` in the moto server at `endpoint_url`.

    Answers what they return for `Ref` and `Fn::GetAtt`. Raises
    `TemplateError` when moto refuses one, or when they depend on each other in a circle.
    """
    clients = MotoClients(endpoint_url, template.stack.region)
    return Provisioner(clients).provision(template)


def _waves(template: Template) -> Iterable[list[Resource]]:
    pending = {item.logical_id: item for item in template.served if item.type in DATA}
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
    properties have changed since they were created. `given` are values of dynamic references; the
    services, or else `look_up`, have the others.
    """

    def __init__(
        self,
        clients: MotoClients,
        given: Mapping[str, str] | None = None,
        look_up: LookUp | None = None,
    ) -> None:
        self._template: Template
        self._problems = Problems()
        self._clients = clients
        self._dynamic = DynamicReferences(given or {}, look_up or StoredValues(clients).look_up)
        self._made: dict[str, Any] = {}
        self._existing: dict[str, tuple[str, JsonObject]] = {}
        self._answers: dict[Reference, str] = {}
        self._failed: set[str] = set()
        self._warnings: dict[str, str] = {}
        self.outdated: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be created, and is not needed for the rest."""
        return tuple(self._warnings.values())

    def provision(self, template: Template, problems: Problems | None = None) -> ResourceValues:
        """Create what does not exist yet; see the function of this name.

        With `problems`, adds to these and goes on without what could not be created.
        """
        self._template = template
        self._problems = collected = Problems() if problems is None else problems
        outdated: list[str] = []
        self._failed = set()
        with collected.collect():
            for wave in _waves(template):
                for item in wave:
                    if _needs(item) & self._failed:
                        self._failed.add(item.logical_id)
                        continue
                    with collected.collect():
                        outdated += self._create(item)
                    if item.logical_id not in self._existing:
                        self._failed.add(item.logical_id)
        if problems is None:
            collected.raise_if_any()
        data = {item.logical_id for item in template.served if item.type in DATA}
        self._failed |= data - self._existing.keys()
        self.outdated = tuple(outdated)
        return self._values()

    def _values(self) -> ResourceValues:
        refs = {item.name: value for item, value in self._answers.items() if not item.attribute}
        attributes = {
            (item.name, item.attribute): value
            for item, value in self._answers.items()
            if item.attribute
        }
        return ResourceValues(
            refs=refs,
            attributes=attributes,
            failed=frozenset(self._failed),
            dynamic=self._dynamic,
        )

    def _create(self, item: Resource) -> list[str]:
        """Create what does not exist; its name if it exists and is not as it was created."""
        resolver = ResolvedTemplate(self._template, self._values(), self._problems).resolver
        properties = _resolved(item, self._template, resolver)
        if item.logical_id not in self._existing:
            self._create_one(item, properties)
        is_the_same = self._existing[item.logical_id] == (item.type, properties)
        return [] if is_the_same else [item.logical_id]

    def _create_one(self, item: Resource, properties: JsonObject) -> None:
        service, create = _CREATORS[item.type]
        creation = Creation(
            resource_type=item.type,
            name=item.stack.physical_name(item.logical_id),
            properties=properties,
            stack=self._template.stack,
        )
        try:
            created = create(ConvertingClient(self._client(service), item.type), creation)
        except WrongParameterError as error:
            path = error.path if error.path[:1] and error.path[0] in item.properties else ()
            named = "" if path else f"{'.'.join(map(str, error.path))}: " if error.path else ""
            place = self._template.place(item, *path)
            raise TemplateError(place, f"{named}{error.cause}", error.remedy) from None
        except NotHereError as error:
            created, reason = error.stand_in, error.__cause__
            cause = error.cause or f"moto could not create it: {_message(reason)}"
            place = self._template.place(item)
            self._warnings[item.logical_id] = f"{place}: {cause}; the rest is served without it"
        except ResponseParserError as error:
            raise NotServedError(
                self._template.place(item),
                f"moto could not create {item.logical_id}: {_message(error)}",
                "it does not exist here",
            ) from None
        except (ClientError, BotoCoreError) as error:
            raise TemplateError(
                self._template.place(item),
                f"moto could not create {item.logical_id}: {_message(error)}",
            ) from None
        self._existing[item.logical_id] = (item.type, properties)
        self._answers[Reference(item.logical_id)] = created.ref
        for attribute, value in created.attributes.items():
            self._answers[Reference(item.logical_id, attribute)] = value

    def _client(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self._clients.client(service)
        return self._made[service]


def _resolved(item: Resource, template: Template, resolver: Resolver) -> JsonObject:
    members = {
        name: resolver.resolve(value, template.place(item, name))
        for name, value in item.properties.items()
    }
    return {name: value for name, value in members.items() if value is not None}


def _message(error: BaseException | None) -> str:
    """A sentence; a failure inside moto comes as a page of HTML, which boto3 cannot parse."""
    text = str(error)
    if isinstance(error, ClientError):
        detail: Any = error.response.get("Error", {})
        text = str(detail.get("Message") or detail.get("Code") or error)
    if isinstance(error, ResponseParserError) or "<html" in text:
        return "moto failed on it; check its properties"
    # moto quotes the whole definition of a state machine.
    return text.partition(" in definition '")[0][:300]
