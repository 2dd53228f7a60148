"""Creates data resources in moto, each type as its service wants it.

CloudFormation's properties are mostly the parameters of the API, with exceptions. moto matches
events with rules, but it cannot deliver to functions, gives queues an incomplete event and ignores
`Input` and disabled rules. So it hands what the gateway delivers itself to the gateway, over one
queue, in envelopes `{"rule": "<arn>", "event": {…}}`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_gateway.template.document.source import Json, JsonObject, as_list, as_object, scalar_text
from local_gateway.template.document.stack import Stack
from local_gateway.template.intrinsics.references import Reference
from local_gateway.template.loading.template import Resource
from local_gateway.template.readers.eventbridge import GATEWAY_TARGETS, service_of

_TABLE_PARAMETERS = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "Tags",
)
_NOT_QUEUE_ATTRIBUTES = frozenset({"QueueName", "Tags"})
# Properties without a parameter in the create calls of Cognito's API.
_NOT_IN_COGNITO_API = frozenset(
    {"EnabledMfas", "WebAuthnRelyingPartyID", "WebAuthnUserVerification"}
)
_RULE_PARAMETERS = ("Description", "EventBusName", "RoleArn", "ScheduleExpression", "State", "Tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A resource to create: resolved properties, and the name to use if they give none."""

    resource_type: str
    name: str
    properties: JsonObject
    stack: Stack


@dataclass(frozen=True, slots=True)
class Created:
    """The values of `Ref` and, by attribute, of `Fn::GetAtt` for a created resource."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


# Takes a boto3 client of the service; lets botocore's errors pass.
type Creator = Callable[[Any, Creation], Created]


def create_table(client: Any, creation: Creation) -> Created:
    """Create a table with its indexes, stream and time to live.

    Encryption, backups and capacity settings are left out: they change nothing a function sees.
    """
    properties = creation.properties
    parameters: dict[str, Any] = {
        name: properties[name] for name in _TABLE_PARAMETERS if name in properties
    }
    stream = properties.get("StreamSpecification")
    if isinstance(stream, dict):
        # The API wants the flag that CloudFormation implies.
        parameters["StreamSpecification"] = {
            "StreamEnabled": True,
            "StreamViewType": stream.get("StreamViewType", "NEW_AND_OLD_IMAGES"),
        }
    name = properties.get("TableName", creation.name)
    table = client.create_table(TableName=name, **parameters)["TableDescription"]
    if "TimeToLiveSpecification" in properties:
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
        )
    attributes = {"Arn": table["TableArn"]}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Created(table["TableName"], attributes)


def create_queue(client: Any, creation: Creation) -> Created:
    """Create a queue; a FIFO queue's name gets the suffix that the service wants."""
    properties = creation.properties
    is_fifo = properties.get("FifoQueue") in (True, "true")
    name = str(properties.get("QueueName") or f"{creation.name}{'.fifo' if is_fifo else ''}")
    attributes = {
        key: _queue_attribute(value)
        for key, value in properties.items()
        if key not in _NOT_QUEUE_ATTRIBUTES
    }
    tags = {str(tag["Key"]): str(tag["Value"]) for tag in map(as_object, _queue_tags(creation))}
    url = client.create_queue(QueueName=name, Attributes=attributes, tags=tags)["QueueUrl"]
    arn = creation.stack.arn("sqs", name)
    return Created(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


def _queue_tags(creation: Creation) -> list[Json]:
    return as_list(creation.properties.get("Tags"))


def _queue_attribute(value: Json) -> str:
    return scalar_text(value) if isinstance(value, (str, bool, int, float)) else json.dumps(value)


def create_user_pool(client: Any, creation: Creation) -> Created:
    """Create a user pool."""
    parameters = _cognito_parameters(creation)
    name = parameters.pop("UserPoolName", creation.name)
    pool = client.create_user_pool(PoolName=name, **parameters)["UserPool"]
    provider = f"cognito-idp.{creation.stack.region}.{creation.stack.url_suffix}/{pool['Id']}"
    return Created(
        pool["Id"],
        {
            "Arn": pool["Arn"],
            "ProviderName": provider,
            "ProviderURL": f"https://{provider}",
            "UserPoolId": pool["Id"],
        },
    )


def create_user_pool_client(client: Any, creation: Creation) -> Created:
    """Create a user pool's client; `ClientSecret` exists only with `GenerateSecret`."""
    parameters = {"ClientName": creation.name, **_cognito_parameters(creation)}
    made = client.create_user_pool_client(**parameters)["UserPoolClient"]
    attributes = {"ClientId": made["ClientId"], "Name": made["ClientName"]}
    if "ClientSecret" in made:
        attributes["ClientSecret"] = made["ClientSecret"]
    return Created(made["ClientId"], attributes)


def create_group(client: Any, creation: Creation) -> Created:
    """Create a group of a user pool."""
    parameters = {"GroupName": creation.name, **_cognito_parameters(creation)}
    return Created(client.create_group(**parameters)["Group"]["GroupName"])


def _cognito_parameters(creation: Creation) -> dict[str, Any]:
    return {
        name: value
        for name, value in creation.properties.items()
        if name not in _NOT_IN_COGNITO_API
    }


def event_queue_name(stack: Stack) -> str:
    """The queue over which the events that match a rule come to the gateway."""
    return stack.physical_name("LocalGatewayEvents")


def create_event_bus(client: Any, creation: Creation) -> Created:
    """Create an event bus; `Ref` is its name."""
    name = str(creation.properties.get("Name", creation.name))
    arn = client.create_event_bus(Name=name)["EventBusArn"]
    return Created(name, {"Arn": arn, "Name": name})


def create_rule(client: Any, creation: Creation) -> Created:
    """Create a rule with its targets; `Ref` is `bus|name` on a custom bus."""
    properties = creation.properties
    name = str(properties.get("Name", creation.name))
    parameters: dict[str, Any] = {
        key: properties[key] for key in _RULE_PARAMETERS if key in properties
    }
    if "EventPattern" in properties:
        parameters["EventPattern"] = json.dumps(properties["EventPattern"])
    arn = client.put_rule(Name=name, **parameters)["RuleArn"]
    bus = {"EventBusName": parameters["EventBusName"]} if "EventBusName" in parameters else {}
    if targets := _rule_targets(creation, arn):
        client.put_targets(Rule=name, Targets=targets, **bus)
    return Created(f"{bus['EventBusName']}|{name}" if bus else name, {"Arn": arn})


def _rule_targets(creation: Creation, rule_arn: str) -> list[Json]:
    properties = creation.properties
    # In moto, every event matches a rule without a pattern.
    if "EventPattern" not in properties or properties.get("State") == "DISABLED":
        return []
    targets = as_list(properties.get("Targets"))
    others = [target for target in targets if not _is_ours(target)]
    return targets if others == targets else [*others, _envelope(creation, rule_arn)]


def _is_ours(target: Json) -> bool:
    return service_of(str(as_object(target).get("Arn"))) in GATEWAY_TARGETS


def _envelope(creation: Creation, rule_arn: str) -> JsonObject:
    return {
        "Id": "local-gateway",
        "Arn": creation.stack.arn("sqs", event_queue_name(creation.stack)),
        "InputTransformer": {
            "InputPathsMap": {},
            "InputTemplate": f'{{"rule": "{rule_arn}", "event": <aws.events.event.json>}}',
        },
    }


def create_stack(
    client: Any,
    name: str,
    resources: Mapping[str, tuple[Resource, JsonObject]],
    wanted: set[Reference],
) -> dict[Reference, str]:
    """Create resources, given with their resolved properties, with moto's own CloudFormation.

    For types without a creator of ours: moto loads every service that it has for this, which is
    slow. Returns the value of each of `wanted` and of `Ref` to each resource. Lets botocore's
    errors pass.
    """
    answers = [Reference(logical_id) for logical_id in sorted(resources)]
    attributes = [item for item in wanted if item.name in resources and item.attribute]
    answers += sorted(attributes, key=lambda item: (item.name, item.attribute or ""))
    keys = {f"Value{number}": item for number, item in enumerate(answers)}
    # A logical id has letters and digits only, that of a resource of a nested stack is a path.
    names = {logical_id: logical_id.replace("/", "") for logical_id in resources}
    body = {
        "Resources": {
            names[logical_id]: {"Type": resource.type, "Properties": properties}
            for logical_id, (resource, properties) in resources.items()
        },
        "Outputs": {
            key: {"Value": _output_value(names[item.name], item.attribute)}
            for key, item in keys.items()
        },
    }
    client.create_stack(StackName=name, TemplateBody=json.dumps(body))
    stack = client.describe_stacks(StackName=name)["Stacks"][0]
    return {keys[output["OutputKey"]]: output["OutputValue"] for output in stack["Outputs"]}


def _output_value(name: str, attribute: str | None) -> JsonObject:
    if attribute is None:
        return {"Ref": name}
    path: list[Json] = [name, attribute]
    return {"Fn::GetAtt": path}
