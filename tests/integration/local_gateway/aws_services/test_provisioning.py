"""Data resources of a template exist in moto, with the properties that the template gives."""

from collections.abc import Callable

import pytest

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.aws_services.provisioning import Provisioner, provision
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.template import Template

type Load = Callable[[str], Template]


def test_what_moto_refuses_names_the_resource(moto: MotoServer, load: Load) -> None:
    template = load("""\
        Resources:
          Table:
            Type: AWS::DynamoDB::Table
            Properties:
              BillingMode: PAY_PER_REQUEST
              KeySchema: [{ AttributeName: id, KeyType: HASH }]
              AttributeDefinitions: [{ AttributeName: other, AttributeType: S }]
        """)
    with pytest.raises(TemplateError) as raised:
        provision(moto.endpoint_url, template)
    text = str(raised.value)
    assert "template.yaml:4: Table: moto could not create Table: " in text
    assert "\n" not in text


def test_resources_that_need_each_other(moto: MotoServer, load: Load) -> None:
    template = load("""\
        Resources:
          A: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub "${B.QueueName}-a" } }
          B: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub "${A.QueueName}-b" } }
        """)
    with pytest.raises(TemplateError, match="A: resources depend on each other: A, B"):
        provision(moto.endpoint_url, template)


def test_attribute_that_a_resource_does_not_have(moto: MotoServer, load: Load) -> None:
    template = load("""\
        Resources:
          A: { Type: AWS::SQS::Queue }
          B: { Type: AWS::SQS::Queue, Properties: { QueueName: !GetAtt A.Name } }
        """)
    with pytest.raises(TemplateError, match="B: QueueName: A has no attribute Name here"):
        provision(moto.endpoint_url, template)


def test_unreachable_server_is_one_clear_line(load: Load) -> None:
    template = load("Resources: { A: { Type: AWS::SQS::Queue } }")
    with pytest.raises(TemplateError, match="moto could not create A: Could not connect"):
        provision("http://localhost:1", template)


def test_dynamic_references_read_what_the_template_stores(moto: MotoServer, load: Load) -> None:
    template = load("""\
        Resources:
          Name:
            Type: AWS::SSM::Parameter
            Properties: { Name: !Sub "/${AWS::StackName}/n", Type: String, Value: from-the-store }
          Secret:
            Type: AWS::SecretsManager::Secret
            Properties:
              Name: !Sub "${AWS::StackName}-s"
              SecretString: '{"user": "ana"}'
          Queue:
            Type: AWS::SQS::Queue
            DependsOn: [Name]
            Properties:
              QueueName: !Sub
                - "{{resolve:ssm:/${AWS::StackName}/n}}-${User}"
                - User: !Sub "{{resolve:secretsmanager:${Secret}:SecretString:user}}"
          Given: { Type: AWS::SQS::Queue, Properties: { QueueName: "{{resolve:ssm:given}}" } }
        """)
    provisioner = Provisioner(
        MotoClients(moto.endpoint_url, "us-east-1"), {"ssm:given": "from-outside"}
    )
    values = provisioner.provision(template)
    assert values.attributes["Queue", "QueueName"] == "from-the-store-ana"
    assert values.attributes["Given", "QueueName"] == "from-outside"


def test_subscription_to_a_topic_of_another_stack_is_left_out_with_a_warning(
    moto: MotoServer, load: Callable[[str], Template]
) -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:elsewhere"
    template = load(f"""\
        Resources:
          News:
            Type: AWS::SNS::Subscription
            Properties: {{ TopicArn: '{topic}', Protocol: sqs, Endpoint: 'arn:aws:sqs:x:1:q' }}
          Topic: {{ Type: AWS::SNS::Topic }}
    """)
    provisioner = Provisioner(MotoClients(moto.endpoint_url, "us-east-1"))
    values = provisioner.provision(template)
    assert values.refs["News"].startswith(f"{topic}:")
    assert "Topic" in values.refs
    [warning] = provisioner.warnings
    assert "News: moto could not create it: Topic does not exist" in warning
