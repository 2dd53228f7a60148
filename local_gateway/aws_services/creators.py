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

import yaml
from botocore.exceptions import ClientError

from local_gateway.aws_services.parameters import WrongParameterError
from local_gateway.template.document.errors import did_you_mean
from local_gateway.template.document.source import Json, JsonObject, as_list, as_object, scalar_text
from local_gateway.template.document.stack import Stack
from local_gateway.template.readers.eventbridge import GATEWAY_TARGETS, MOTO_TARGETS, service_of

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
# SQS API reference, SetQueueAttributes: what moto takes as a text and does not check.
_QUEUE_NUMBERS: Mapping[str, tuple[int, int]] = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
_NOT_QUEUE_ATTRIBUTES = frozenset({"QueueName", "Tags"})
# Properties without a parameter in the create calls of Cognito's API.
_NOT_IN_COGNITO_API = frozenset(
    {"EnabledMfas", "WebAuthnRelyingPartyID", "WebAuthnUserVerification"}
)
_TOPIC_ATTRIBUTES = (
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DisplayName",
    "FifoTopic",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
)
_SUBSCRIPTION_ATTRIBUTES = (
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "ReplayPolicy",
    "SubscriptionRoleArn",
)
_KEY_PARAMETERS = ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
_LONGEST_BUCKET_NAME = 63
# The regions whose website hosts have a dash; newer regions have a dot (S3, "Website endpoints").
_WEBSITES_WITH_DASH = frozenset(
    {
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-west-1",
        "sa-east-1",
        "us-east-1",
        "us-gov-west-1",
        "us-west-1",
        "us-west-2",
    }
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


class NotHereError(Exception):
    """A resource that cannot be created here, and is not needed for the rest of the template.

    `stand_in` is what stands for it; without a `cause`, the service's error is the reason.
    """

    def __init__(self, stand_in: Created, cause: str = "") -> None:
        super().__init__(cause)
        self.stand_in = stand_in
        self.cause = cause


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
        key: _text(value) for key, value in properties.items() if key not in _NOT_QUEUE_ATTRIBUTES
    }
    for key, (lowest, highest) in _QUEUE_NUMBERS.items():
        text = attributes.get(key, str(lowest))
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise WrongParameterError(
                (key,), f"expected a whole number from {lowest} to {highest}, not {text!r}"
            )
    url = client.create_queue(QueueName=name, Attributes=attributes, tags=_tags(creation))[
        "QueueUrl"
    ]
    arn = creation.stack.arn("sqs", name)
    return Created(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


def _tags(creation: Creation) -> JsonObject:
    """The tags as the map that some services take."""
    tags: JsonObject = {}
    for at, tag in enumerate(as_list(creation.properties.get("Tags"))):
        key = as_object(tag).get("Key")
        if not isinstance(key, str):
            raise WrongParameterError(("Tags", at), "the tag has no Key")
        tags[key] = as_object(tag).get("Value", "")
    return tags


def _text(value: Json) -> str:
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
    attributes = {"Arn": arn, "RuleName": name}
    return Created(f"{bus['EventBusName']}|{name}" if bus else name, attributes)


def _rule_targets(creation: Creation, rule_arn: str) -> list[Json]:
    properties = creation.properties
    # In moto, every event matches a rule without a pattern.
    if "EventPattern" not in properties or properties.get("State") == "DISABLED":
        return []
    targets = as_list(properties.get("Targets"))
    of_moto = [target for target in targets if _service_of(target) in MOTO_TARGETS]
    has_ours = any(_service_of(target) in GATEWAY_TARGETS for target in targets)
    return [*of_moto, _envelope(creation, rule_arn)] if has_ours else of_moto


def _service_of(target: Json) -> str:
    return service_of(str(as_object(target).get("Arn")))


def _envelope(creation: Creation, rule_arn: str) -> JsonObject:
    return {
        "Id": "local-gateway",
        "Arn": creation.stack.arn("sqs", event_queue_name(creation.stack)),
        "InputTransformer": {
            "InputPathsMap": {},
            "InputTemplate": f'{{"rule": "{rule_arn}", "event": <aws.events.event.json>}}',
        },
    }


def create_topic(client: Any, creation: Creation) -> Created:
    """Create a topic with its subscriptions; a FIFO topic's name gets the suffix."""
    properties = creation.properties
    is_fifo = properties.get("FifoTopic") in (True, "true")
    name = str(properties.get("TopicName") or f"{creation.name}{'.fifo' if is_fifo else ''}")
    attributes = {key: _text(properties[key]) for key in _TOPIC_ATTRIBUTES if key in properties}
    arn = client.create_topic(
        Name=name, Attributes=attributes, Tags=as_list(properties.get("Tags"))
    )["TopicArn"]
    for subscription in map(as_object, as_list(properties.get("Subscription"))):
        client.subscribe(TopicArn=arn, **subscription)
    return Created(arn, {"TopicArn": arn, "TopicName": name})


def create_subscription(client: Any, creation: Creation) -> Created:
    """Create a topic's subscription; raises `NotHereError` for a topic of another stack."""
    properties = creation.properties
    attributes = {
        name: _text(properties[name]) for name in _SUBSCRIPTION_ATTRIBUTES if name in properties
    }
    # moto looks whether there is a text at all.
    if attributes.get("RawMessageDelivery") == "false":
        del attributes["RawMessageDelivery"]
    try:
        arn = client.subscribe(
            TopicArn=properties.get("TopicArn"),
            Protocol=properties.get("Protocol"),
            Endpoint=properties.get("Endpoint", ""),
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NotFound":
            raise
        arn = f"{properties.get('TopicArn')}:{creation.stack.physical_id(creation.name)}"
        raise NotHereError(Created(arn, {"Arn": arn})) from error
    return Created(arn, {"Arn": arn})


def create_bucket(client: Any, creation: Creation) -> Created:
    """Create a bucket; of its settings versions, notifications and tags matter here."""
    properties, stack = creation.properties, creation.stack
    default = creation.name.lower()[:_LONGEST_BUCKET_NAME].strip("-")
    name = str(properties.get("BucketName") or default)
    where: dict[str, Any] = {}
    if stack.region != "us-east-1":
        where = {"CreateBucketConfiguration": {"LocationConstraint": stack.region}}
    client.create_bucket(Bucket=name, **where)
    if "VersioningConfiguration" in properties:
        client.put_bucket_versioning(
            Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"]
        )
    if "NotificationConfiguration" in properties:
        client.put_bucket_notification_configuration(
            Bucket=name,
            NotificationConfiguration=_notifications(properties["NotificationConfiguration"]),
        )
    if properties.get("Tags"):
        client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": properties["Tags"]})
    domain, region = stack.url_suffix, stack.region
    website = f"s3-website{'-' if region in _WEBSITES_WITH_DASH else '.'}{region}"
    return Created(
        name,
        {
            "Arn": f"arn:{stack.partition}:s3:::{name}",
            "DomainName": f"{name}.s3.{domain}",
            "DualStackDomainName": f"{name}.s3.dualstack.{region}.{domain}",
            "RegionalDomainName": f"{name}.s3.{region}.{domain}",
            "WebsiteURL": f"http://{name}.{website}.{domain}",
        },
    )


# By list in CloudFormation: the list of the API, and the target's name in both.
_NOTIFICATIONS = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}


def _notifications(configuration: Json) -> JsonObject:
    """A bucket's notifications as the API takes them."""
    names = (*_NOTIFICATIONS, "EventBridgeConfiguration")
    for name in as_object(configuration):
        if name not in names:
            remedy = did_you_mean(name, names) or f"expected one of {', '.join(names)}"
            raise WrongParameterError(("NotificationConfiguration", name), "unknown", remedy)
    if not isinstance(configuration, dict):
        raise WrongParameterError(("NotificationConfiguration",), "expected an object")
    result: JsonObject = {}
    for name, (list_name, target, target_name) in _NOTIFICATIONS.items():
        items = [as_object(item) for item in as_list(configuration.get(name))]
        for at, item in enumerate(items):
            if not isinstance(item.get(target), str):
                path = ("NotificationConfiguration", name, at, target)
                raise WrongParameterError(path, "is missing or is not text")
        if items:
            result[list_name] = [
                {
                    target_name: item.get(target),
                    "Events": [item.get("Event")],
                    **_key_filter(as_object(item.get("Filter"))),
                }
                for item in items
            ]
    bridge = as_object(configuration.get("EventBridgeConfiguration"))
    if bridge and bridge.get("EventBridgeEnabled") not in (False, "false"):
        result["EventBridgeConfiguration"] = {}
    return result


def _key_filter(declared: JsonObject) -> JsonObject:
    rules = [as_object(rule) for rule in as_list(as_object(declared.get("S3Key")).get("Rules"))]
    named: list[Json] = []
    for rule in rules:
        # S3 takes the names in any letter case, moto does not.
        name = str(rule.get("Name")).lower()
        if name not in ("prefix", "suffix"):
            cause = f"{rule.get('Name')} is no filter of keys"
            raise WrongParameterError(
                ("NotificationConfiguration",), cause, "allowed: prefix, suffix"
            )
        named.append({"Name": name, "Value": rule.get("Value")})
    return {"Filter": {"Key": {"FilterRules": named}}} if named else {}


def create_key(client: Any, creation: Creation) -> Created:
    """Create a KMS key."""
    properties = creation.properties
    parameters: dict[str, Any] = {
        name: properties[name] for name in _KEY_PARAMETERS if name in properties
    }
    if "KeyPolicy" in properties:
        parameters["Policy"] = _text(properties["KeyPolicy"])
    parameters["Tags"] = [
        {"TagKey": name, "TagValue": value} for name, value in _tags(creation).items()
    ]
    key = client.create_key(**parameters)["KeyMetadata"]
    if properties.get("EnableKeyRotation") in (True, "true"):
        client.enable_key_rotation(KeyId=key["KeyId"])
    if properties.get("Enabled") in (False, "false"):
        client.disable_key(KeyId=key["KeyId"])
    return Created(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})


def create_data_stream(client: Any, creation: Creation) -> Created:
    """Create a Kinesis stream."""
    properties = creation.properties
    name = str(properties.get("Name") or creation.name)
    parameters: dict[str, Any] = {
        key: properties[key] for key in ("ShardCount", "StreamModeDetails") if key in properties
    }
    client.create_stream(StreamName=name, **(parameters or {"ShardCount": 1}))
    hours = properties.get("RetentionPeriodHours")
    if hours is not None and str(hours) != "24":
        client.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=hours)
    if tags := _tags(creation):
        client.add_tags_to_stream(StreamName=name, Tags=tags)
    return Created(name, {"Arn": creation.stack.arn("kinesis", f"stream/{name}")})


def create_state_machine(client: Any, creation: Creation) -> Created:
    """Create a state machine; raises `NotHereError` for one that moto cannot run."""
    properties = creation.properties
    name = str(properties.get("StateMachineName") or creation.name)
    arn = creation.stack.arn("states", f"stateMachine:{name}")
    created = Created(arn, {"Arn": arn, "Name": name, "StateMachineRevisionId": "INITIAL"})
    if "DefinitionS3Location" in properties:
        raise NotHereError(created, "its definition is in S3, not on this machine")
    text = properties.get("DefinitionString", properties.get("Definition"))
    if not text:
        raise WrongParameterError((), "the state machine has no definition")
    definition = _definition(text)
    if '"JSONata"' in definition:
        raise NotHereError(created, "state machines with JSONata are not served")
    for key, value in as_object(properties.get("DefinitionSubstitutions")).items():
        definition = definition.replace(f"${{{key}}}", json.dumps(_text(value))[1:-1])
    tags = [{"key": key, "value": value} for key, value in _tags(creation).items()]
    try:
        client.create_state_machine(
            name=name,
            definition=definition,
            roleArn=properties.get("RoleArn")
            or creation.stack.arn("iam", "role/x", regional=False),
            type=properties.get("StateMachineType", "STANDARD"),
            tags=tags,
        )
    except ClientError as error:
        raise NotHereError(created) from error
    return created


def _definition(value: Json) -> str:
    """A definition as JSON; SAM takes files of YAML, too."""
    if not isinstance(value, str):
        return json.dumps(value or {})
    if value.lstrip().startswith("{"):
        return value
    try:
        return json.dumps(yaml.safe_load(value), default=str)
    except yaml.YAMLError as error:
        cause = f"is neither JSON nor YAML: {' '.join(str(error).split())}"
        raise WrongParameterError(("DefinitionString",), cause) from None


def create_activity(client: Any, creation: Creation) -> Created:
    """Create an activity; `Ref` is its ARN."""
    name = str(creation.properties.get("Name") or creation.name)
    tags = [{"key": key, "value": value} for key, value in _tags(creation).items()]
    arn = client.create_activity(name=name, tags=tags)["activityArn"]
    return Created(arn, {"Arn": arn, "Name": name})


def create_parameter(client: Any, creation: Creation) -> Created:
    """Create a parameter of Systems Manager; CloudFormation makes no `SecureString`."""
    properties = creation.properties
    name = str(properties.get("Name") or creation.name)
    kind = _text(properties.get("Type", ""))
    if kind not in ("String", "StringList"):
        raise WrongParameterError(
            ("Type",), f"{kind or 'nothing'} is not allowed", "allowed: String, StringList"
        )
    parameters: dict[str, Any] = {
        key: value for key, value in properties.items() if key not in ("Name", "Tags")
    }
    tags = as_object(properties.get("Tags"))
    parameters["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    client.put_parameter(Name=name, **parameters)
    path = name if name.startswith("/") else f"/{name}"
    attributes = {
        "Arn": creation.stack.arn("ssm", f"parameter{path}"),
        "Type": kind,
        "Value": _text(properties.get("Value", "")),
    }
    return Created(name, attributes)


def create_secret(client: Any, creation: Creation) -> Created:
    """Create a secret with the value that is given, or with a generated one; `Ref` is its ARN."""
    properties = creation.properties
    parameters: dict[str, Any] = {
        key: properties[key]
        for key in ("Description", "KmsKeyId", "SecretString", "Tags")
        if key in properties
    }
    if "GenerateSecretString" in properties:
        parameters["SecretString"] = _generated_secret(
            client, as_object(properties["GenerateSecretString"])
        )
    name = properties.get("Name") or creation.name
    arn = client.create_secret(Name=name, **parameters)["ARN"]
    return Created(arn, {"Id": arn})


def _generated_secret(client: Any, settings: JsonObject) -> str:
    options = dict(settings)
    template, key = (
        options.pop("SecretStringTemplate", None),
        options.pop("GenerateStringKey", None),
    )
    password = str(client.get_random_password(**options)["RandomPassword"])
    if template is None or key is None:
        return password
    try:
        members = json.loads(_text(template))
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise WrongParameterError(
            ("GenerateSecretString", "SecretStringTemplate"), "expected a JSON object as text"
        )
    return json.dumps({**members, str(key): password})
