"""Every documented attribute of a data resource, scalars given as text, and any other value."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.aws_services.provisioning import provision
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.stack import Stack
from local_gateway.template.loading.resource_types import DATA
from local_gateway.template.loading.template import Template

type Load = Callable[[str], Template]

ACCOUNT = "us-east-1:123456789012"
TABLE = {
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    "TimeToLiveSpecification": {"AttributeName": "t", "Enabled": True},
    "Tags": [{"Key": "a", "Value": "b"}],
}
# By type: properties, and the value of each documented attribute; None is for what has no pattern.
# `{name}` is the resource's physical name, `{ref}` the value of `Ref`.
TYPES: dict[str, tuple[dict[str, Any], dict[str, str | None]]] = {
    "AWS::Cognito::UserPool": (
        {"Policies": {"PasswordPolicy": {"MinimumLength": 12}}, "MfaConfiguration": "OFF"},
        {
            "Arn": f"arn:aws:cognito-idp:{ACCOUNT}:userpool/{{ref}}",
            "ProviderName": "cognito-idp.us-east-1.amazonaws.com/{ref}",
            "ProviderURL": "https://cognito-idp.us-east-1.amazonaws.com/{ref}",
            "UserPoolId": "{ref}",
        },
    ),
    "AWS::Cognito::UserPoolClient": (
        {"UserPoolId": {"Ref": "Pool"}, "GenerateSecret": True},
        {"ClientId": "{ref}", "ClientSecret": None, "Name": "{name}"},
    ),
    "AWS::Cognito::UserPoolGroup": ({"UserPoolId": {"Ref": "Pool"}, "Precedence": 1}, {}),
    "AWS::DynamoDB::Table": (
        TABLE,
        {"Arn": f"arn:aws:dynamodb:{ACCOUNT}:table/{{name}}", "StreamArn": None},
    ),
    "AWS::Events::EventBus": (
        {"Name": "shop"},
        {"Arn": f"arn:aws:events:{ACCOUNT}:event-bus/shop", "Name": "shop"},
    ),
    "AWS::Events::Rule": (
        {"EventPattern": {"source": ["shop"]}, "State": "ENABLED"},
        {"Arn": f"arn:aws:events:{ACCOUNT}:rule/{{name}}", "RuleName": "{name}"},
    ),
    "AWS::KMS::Key": (
        {"Description": "x", "EnableKeyRotation": True, "Tags": [{"Key": "a", "Value": "b"}]},
        {"Arn": f"arn:aws:kms:{ACCOUNT}:key/{{ref}}", "KeyId": "{ref}"},
    ),
    "AWS::Kinesis::Stream": (
        {"ShardCount": 1, "RetentionPeriodHours": 48, "Tags": [{"Key": "a", "Value": "b"}]},
        {"Arn": f"arn:aws:kinesis:{ACCOUNT}:stream/{{name}}"},
    ),
    "AWS::S3::Bucket": (
        {
            "BucketName": "a-bucket",
            "VersioningConfiguration": {"Status": "Enabled"},
            "NotificationConfiguration": {
                "LambdaConfigurations": [
                    {
                        "Event": "s3:ObjectCreated:*",
                        "Function": f"arn:aws:lambda:{ACCOUNT}:function:f",
                        "Filter": {"S3Key": {"Rules": [{"Name": "Prefix", "Value": "in/"}]}},
                    }
                ],
                "EventBridgeConfiguration": {"EventBridgeEnabled": True},
            },
            "Tags": [{"Key": "a", "Value": "b"}],
        },
        {
            "Arn": "arn:aws:s3:::a-bucket",
            "DomainName": "a-bucket.s3.amazonaws.com",
            "DualStackDomainName": "a-bucket.s3.dualstack.us-east-1.amazonaws.com",
            "RegionalDomainName": "a-bucket.s3.us-east-1.amazonaws.com",
            "WebsiteURL": "http://a-bucket.s3-website-us-east-1.amazonaws.com",
        },
    ),
    "AWS::SNS::Subscription": (
        {
            "TopicArn": {"Ref": "Topic"},
            "Protocol": "sqs",
            "Endpoint": f"arn:aws:sqs:{ACCOUNT}:q",
            "RawMessageDelivery": True,
            "FilterPolicy": {"kind": ["a"]},
        },
        {"Arn": "{ref}"},
    ),
    "AWS::SNS::Topic": (
        {"DisplayName": "x", "Tags": [{"Key": "a", "Value": "b"}]},
        {"TopicArn": f"arn:aws:sns:{ACCOUNT}:{{name}}", "TopicName": "{name}"},
    ),
    "AWS::SQS::Queue": (
        {"VisibilityTimeout": 60, "Tags": [{"Key": "a", "Value": "b"}]},
        {"Arn": f"arn:aws:sqs:{ACCOUNT}:{{name}}", "QueueName": "{name}", "QueueUrl": "{ref}"},
    ),
    "AWS::SSM::Parameter": (
        {"Type": "String", "Value": "hello", "Tags": {"a": "b"}},
        {
            "Arn": f"arn:aws:ssm:{ACCOUNT}:parameter/{{name}}",
            "Type": "String",
            "Value": "hello",
        },
    ),
    "AWS::SecretsManager::Secret": (
        {
            "GenerateSecretString": {
                "SecretStringTemplate": '{"user": "a"}',
                "GenerateStringKey": "password",
                "PasswordLength": 20,
            },
            "Tags": [{"Key": "a", "Value": "b"}],
        },
        {"Id": "{ref}"},
    ),
    "AWS::StepFunctions::Activity": (
        {"Tags": [{"Key": "a", "Value": "b"}]},
        {"Arn": "{ref}", "Name": "{name}"},
    ),
    "AWS::StepFunctions::StateMachine": (
        {
            "StateMachineType": "STANDARD",
            "DefinitionString": json.dumps(
                {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
            ),
            "RoleArn": "arn:aws:iam::123456789012:role/r",
            "Tags": [{"Key": "a", "Value": "b"}],
        },
        {
            "Arn": f"arn:aws:states:{ACCOUNT}:stateMachine:{{name}}",
            "Name": "{name}",
            "StateMachineRevisionId": None,
        },
    ),
}


def document(resource_type: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "Resources": {
            "Pool": {"Type": "AWS::Cognito::UserPool"},
            "Topic": {"Type": "AWS::SNS::Topic"},
            "It": {"Type": resource_type, "Properties": properties},
        }
    }


def test_every_type_that_is_created_is_in_the_table() -> None:
    assert TYPES.keys() == DATA


@pytest.mark.parametrize("resource_type", TYPES)
def test_every_documented_attribute_has_its_value(
    moto: MotoServer, load: Load, resource_type: str
) -> None:
    properties, expected = TYPES[resource_type]
    template = load(json.dumps(document(resource_type, properties)))
    values = provision(moto.endpoint_url, template)
    ref, name = values.refs["It"], template.stack.physical_name("It")
    attributes = {key: value for (owner, key), value in values.attributes.items() if owner == "It"}
    assert attributes.keys() == expected.keys()
    for key, pattern in expected.items():
        assert attributes[key]
        assert pattern is None or attributes[key] == pattern.format(ref=ref, name=name)


def paths(value: Any, start: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = enumerate(value) if isinstance(value, list) else ()
    for key, member in value.items() if isinstance(value, dict) else items:
        yield (*start, key)
        yield from paths(member, (*start, key))


def changed(properties: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    result = copy.deepcopy(properties)
    target: Any = result
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return result


def scalars_as_text(value: Any) -> Any:
    match value:
        case dict():
            return {key: scalars_as_text(item) for key, item in value.items()}
        case list():
            return [scalars_as_text(item) for item in value]
        case bool():
            return str(value).lower()
    return str(value)


@pytest.mark.parametrize("resource_type", TYPES)
def test_numbers_and_booleans_may_be_text(moto: MotoServer, load: Load, resource_type: str) -> None:
    properties = TYPES[resource_type][0]
    with_text = {
        name: value if isinstance(value, dict) and "Ref" in value else scalars_as_text(value)
        for name, value in properties.items()
    }
    if resource_type in ("AWS::S3::Bucket", "AWS::Events::EventBus"):
        with_text |= {name: "another" for name in ("BucketName", "Name") if name in properties}
    provision(moto.endpoint_url, load(json.dumps(document(resource_type, with_text))))


def test_parameter_of_type_number_is_a_number(moto: MotoServer, load: Load) -> None:
    template = load("""\
        Parameters: { Units: { Type: Number, Default: 5 } }
        Resources:
          Table:
            Type: AWS::DynamoDB::Table
            Properties:
              ProvisionedThroughput: { ReadCapacityUnits: !Ref Units, WriteCapacityUnits: "6" }
              KeySchema: [{ AttributeName: id, KeyType: HASH }]
              AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
        """)
    name = provision(moto.endpoint_url, template).refs["Table"]
    client = MotoClients(moto.endpoint_url, "us-east-1").client("dynamodb")
    throughput = client.describe_table(TableName=name)["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (5, 6)


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (
            "{ProvisionedThroughput: {ReadCapacityUnits: five, WriteCapacityUnits: 1}}",
            "It: ProvisionedThroughput.ReadCapacityUnits: expected a whole number, not 'five'",
        ),
        (
            "{DeletionProtectionEnabled: maybe}",
            "It: DeletionProtectionEnabled: expected true or false, not 'maybe'",
        ),
        ("{KeySchema: id}", "It: KeySchema: expected a list"),
        (
            "{KeySchema: [{AttributeNam: id, KeyType: HASH}]}",
            "It: KeySchema.0.AttributeNam: unknown property; did you mean AttributeName?",
        ),
        ("{KeySchema: [{KeyType: HASH}]}", "It: KeySchema.0: AttributeName is missing"),
    ],
)
def test_wrong_value_names_its_place(
    moto: MotoServer, load: Load, properties: str, message: str
) -> None:
    template = load(
        f"Resources:\n  It:\n    Type: AWS::DynamoDB::Table\n    Properties: {properties}"
    )
    with pytest.raises(TemplateError) as raised:
        provision(moto.endpoint_url, template)
    assert str(raised.value).endswith(message)


VALUES: list[Any] = [True, -1, 1.5, "", "x", [], {}, [None], {"a": 1}, {"Key": "a"}]


@pytest.mark.parametrize("resource_type", TYPES)
def test_any_other_value_is_created_or_refused_in_one_line(
    moto: MotoServer, load: Load, resource_type: str
) -> None:
    properties = TYPES[resource_type][0]
    cases = [(path, value) for path in paths(properties) for value in VALUES]
    random.Random(7).shuffle(cases)  # noqa: S311 - which cases are tried, nothing secret
    refusals = []
    for path, value in cases[:12]:
        try:
            template = load(json.dumps(document(resource_type, changed(properties, path, value))))
            provision(moto.endpoint_url, template)
        except TemplateError as error:
            refusals.append(str(error))
    assert refusals
    assert "\n" not in "".join(refusals)


def test_hosts_of_buckets_in_another_region(moto: MotoServer, load: Load) -> None:
    template = load("Resources: {It: {Type: AWS::S3::Bucket}}")
    stack = Stack(name="Cologne", region="eu-central-1")
    resources = {
        name: type(item)(
            logical_id=name, type=item.type, properties={}, source=item.source, stack=stack
        )
        for name, item in template.resources.items()
    }
    moved = type(template)(
        source=template.source,
        stack=stack,
        parameters={},
        mappings={},
        conditions={},
        resources=resources,
        outputs={},
    )
    values = provision(moto.endpoint_url, moved)
    assert values.refs["It"] == "cologne-it"
    assert values.attributes["It", "WebsiteURL"] == (
        "http://cologne-it.s3-website.eu-central-1.amazonaws.com"
    )


@pytest.mark.parametrize(
    ("resource_type", "attribute", "remedy"),
    [
        ("AWS::SQS::Queue", "QueueNam", "did you mean QueueName?"),
        ("AWS::SQS::Queue", "Zzz", "expected one of Arn, QueueName, QueueUrl"),
        ("AWS::Cognito::UserPoolClient", "ClientSecret", "set GenerateSecret: true"),
        ("AWS::Cognito::UserPoolGroup", "Arn", "use Ref"),
    ],
)
def test_attribute_that_does_not_exist_names_what_does(
    moto: MotoServer, load: Load, resource_type: str, attribute: str, remedy: str
) -> None:
    pool = "{UserPoolId: !Ref Pool}" if "Cognito" in resource_type else "{}"
    template = load(f"""\
        Resources:
          Pool: {{ Type: AWS::Cognito::UserPool }}
          It: {{ Type: {resource_type}, Properties: {pool} }}
          B: {{ Type: AWS::SQS::Queue, Properties: {{ QueueName: !GetAtt It.{attribute} }} }}
        """)
    with pytest.raises(TemplateError) as raised:
        provision(moto.endpoint_url, template)
    assert str(raised.value).endswith(
        f"B: QueueName: It has no attribute {attribute} here; {remedy}"
    )
