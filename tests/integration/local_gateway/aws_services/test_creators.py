"""Data resources exist in moto, with the properties that the template gives."""

from collections.abc import Callable

import pytest

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.aws_services.provisioning import provision
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.template import Template

type Load = Callable[[str], Template]


def test_table_with_index_stream_and_time_to_live(moto: MotoServer, load: Load) -> None:
    template = load("""\
        Resources:
          Table:
            Type: AWS::DynamoDB::Table
            Properties:
              BillingMode: PAY_PER_REQUEST
              AttributeDefinitions:
                - { AttributeName: id, AttributeType: S }
                - { AttributeName: user, AttributeType: S }
              KeySchema: [{ AttributeName: id, KeyType: HASH }]
              GlobalSecondaryIndexes:
                - IndexName: by-user
                  KeySchema: [{ AttributeName: user, KeyType: HASH }]
                  Projection: { ProjectionType: ALL }
              TimeToLiveSpecification: { AttributeName: expires_at, Enabled: true }
              StreamSpecification: { StreamViewType: NEW_IMAGE }
              PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
              SSESpecification: { SSEEnabled: true }
        Outputs:
          Stream: { Value: !GetAtt Table.StreamArn }
        """)
    values = provision(moto.endpoint_url, template)
    name = values.refs["Table"]
    client = MotoClients(moto.endpoint_url, "us-east-1").client("dynamodb")
    table = client.describe_table(TableName=name)["Table"]
    assert name == f"{template.stack.name}-Table"
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-user"]
    assert values.attributes["Table", "Arn"] == table["TableArn"]
    assert values.attributes["Table", "StreamArn"] == table["LatestStreamArn"]
    described = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert described == {"AttributeName": "expires_at", "TimeToLiveStatus": "ENABLED"}


def test_queue_with_a_dead_letter_queue(moto: MotoServer, load: Load) -> None:
    template = load("""\
        Resources:
          Work:
            Type: AWS::SQS::Queue
            Properties:
              FifoQueue: true
              VisibilityTimeout: 90
              Tags: [{ Key: team, Value: chat }]
              RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }
          Dead:
            Type: AWS::SQS::Queue
            Properties: { FifoQueue: true, QueueName: !Sub "${AWS::StackName}-dead.fifo" }
        """)
    values = provision(moto.endpoint_url, template)
    client = MotoClients(moto.endpoint_url, "us-east-1").client("sqs")
    url = values.refs["Work"]
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert url.endswith(f"/{template.stack.name}-Work.fifo")
    assert attributes["QueueArn"] == values.attributes["Work", "Arn"]
    assert attributes["VisibilityTimeout"] == "90"
    assert values.attributes["Dead", "Arn"] in attributes["RedrivePolicy"]
    assert client.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "chat"}


def test_user_pool_where_a_user_logs_in(moto: MotoServer, load: Load) -> None:
    template = load("""\
        Resources:
          Client:
            Type: AWS::Cognito::UserPoolClient
            Properties:
              UserPoolId: !Ref Pool
              GenerateSecret: false
              ExplicitAuthFlows: [ALLOW_ADMIN_USER_PASSWORD_AUTH]
          Pool:
            Type: AWS::Cognito::UserPool
            Properties:
              AdminCreateUserConfig: { AllowAdminCreateUserOnly: true }
              Policies: { PasswordPolicy: { MinimumLength: 12, RequireSymbols: false } }
          Admins:
            Type: AWS::Cognito::UserPoolGroup
            Properties: { UserPoolId: !Ref Pool, GroupName: admins }
        """)
    values = provision(moto.endpoint_url, template)
    pool, client_id = values.refs["Pool"], values.refs["Client"]
    client = MotoClients(moto.endpoint_url, "us-east-1").client("cognito-idp")
    client.admin_create_user(UserPoolId=pool, Username="sari", MessageAction="SUPPRESS")
    password = "Correct-Horse-9"
    client.admin_set_user_password(
        UserPoolId=pool, Username="sari", Password=password, Permanent=True
    )
    answer = client.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "sari", "PASSWORD": password},
    )
    assert answer["AuthenticationResult"]["AccessToken"]
    assert values.refs["Admins"] == "admins"
    described = client.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert described["Name"] == f"{template.stack.name}-Pool"
    assert described["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    assert values.attributes["Pool", "Arn"] == described["Arn"]


def test_types_that_only_motos_cloudformation_creates(moto: MotoServer, load: Load) -> None:
    template = load("""\
        Resources:
          Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: !Sub "${AWS::StackName}-t" } }
          Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: !Sub "b-${AWS::StackName}" } }
          Secret:
            Type: AWS::SSM::Parameter
            Properties: { Type: String, Name: !Sub "/${AWS::StackName}/x", Value: !Ref Topic }
          Bus: { Type: AWS::Events::EventBus, Properties: { Name: !Sub "${AWS::StackName}-bus" } }
          Rule:
            Type: AWS::Events::Rule
            Properties:
              EventBusName: !Ref Bus
              EventPattern: { source: [shop] }
              Targets: [{ Id: one, Arn: !GetAtt Queue.Arn }]
          Queue: { Type: AWS::SQS::Queue }
        Outputs:
          Bucket: { Value: !GetAtt Bucket.Arn }
          Bus: { Value: !GetAtt Bus.Arn }
        """)
    values = provision(moto.endpoint_url, template)
    name = template.stack.name
    clients = MotoClients(moto.endpoint_url, "us-east-1")
    assert values.refs["Topic"] == f"arn:aws:sns:us-east-1:123456789012:{name}-t"
    assert values.attributes["Bucket", "Arn"] == f"arn:aws:s3:::b-{name}"
    parameter = clients.client("ssm").get_parameter(Name=values.refs["Secret"])["Parameter"]
    assert parameter["Value"] == values.refs["Topic"]
    targets = clients.client("events").list_targets_by_rule(
        Rule=values.refs["Rule"].rpartition("|")[2], EventBusName=f"{name}-bus"
    )["Targets"]
    # Matched events go to the gateway, which hands them to the queue as AWS does.
    [target] = targets
    assert target["Arn"] == f"arn:aws:sqs:us-east-1:123456789012:{name}-LocalGatewayEvents"


NOTIFICATIONS = [
    ("{ LambdaConfiguration: [] }", "LambdaConfiguration: unknown; did you mean LambdaConf"),
    ("hello", "NotificationConfiguration: expected an object"),
    (
        "{ QueueConfigurations: [{ Event: 's3:ObjectCreated:*', Queue: 'arn:aws:sqs:us-east-1:1:q',"
        " Filter: { S3Key: { Rules: [{ Name: infix, Value: x }] } } }] }",
        "infix is no filter of keys; allowed: prefix, suffix",
    ),
    (
        "{ QueueConfigurations: [{ Event: 's3:ObjectCreated:*' }] }",
        "0.Queue: is missing or is not text",
    ),
]


@pytest.mark.parametrize(("written", "message"), NOTIFICATIONS)
def test_notifications_that_are_refused(
    moto: MotoServer, load: Load, written: str, message: str
) -> None:
    template = load(f"""\
        Resources:
          Bucket:
            Type: AWS::S3::Bucket
            Properties: {{ NotificationConfiguration: {written} }}
    """)
    with pytest.raises(TemplateError) as raised:
        provision(moto.endpoint_url, template)
    assert message in str(raised.value)
