"""What resources answer to `Ref` and `Fn::GetAtt`."""

import pytest

from local_gateway.template.application import build_application
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.load import load_template
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project


def failure(project: Project, template: str) -> str:
    with pytest.raises(TemplateError) as raised:
        project.build(template)
    return str(raised.value).removeprefix(f"{project.root}/template.yaml:")


def test_names_that_need_each_other(project: Project) -> None:
    text = failure(
        project,
        """\
Resources:
  A:
    Type: AWS::Lambda::Function
    Properties:
      {FunctionName: !Sub "${B}-a", Code: code, Handler: app.handler, Runtime: python3.13}
  B:
    Type: AWS::Lambda::Function
    Properties:
      {FunctionName: !Sub "${A}-b", Code: code, Handler: app.handler, Runtime: python3.13}
""",
    )
    assert text == "5: A: FunctionName: the resources depend on each other: A → B → A"


LEFT_OUT = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties:
      Code: code
      Handler: app.handler
      Runtime: python3.13
      Environment: {Variables: {VALUE: %s}}
  Deliveries: {Type: AWS::KinesisFirehose::DeliveryStream}
  Database: {Type: AWS::RDS::DBInstance}
  Seed: {Type: Custom::Seed}
  Rest: {Type: AWS::ApiGateway::RestApi}
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: named}}
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: pictures}}
  Queue: {Type: AWS::SQS::Queue}
  Hook: {Type: AWS::Lambda::Url}
"""
ACCOUNT = "us-east-1:123456789012"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("!GetAtt Deliveries.Arn", f"arn:aws:firehose:{ACCOUNT}:deliverystream/local-Deliveries"),
        ("!GetAtt Database.DBInstanceArn", f"arn:aws:rds:{ACCOUNT}:db:local-Database"),
        ("!Ref Database", "local-Database"),
        ("!GetAtt Table.StreamArn", f"arn:aws:dynamodb:{ACCOUNT}:table/local-Table/stream/2000"),
        ("!GetAtt Bucket.Arn", "arn:aws:s3:::local-Bucket"),
        ("!Ref Queue", "https://sqs.us-east-1.amazonaws.com/123456789012/local-Queue"),
        ("!GetAtt Hook.FunctionUrl", ".lambda-url.us-east-1.on.aws/"),
    ],
)
def test_values_of_what_is_left_out(project: Project, value: str, expected: str) -> None:
    path = project.write("template.yaml", LEFT_OUT % value)
    template = load_template(path, leave_out=["Table", "Bucket", "Queue"])
    [function] = build_application(template, ResourceValues()).application.functions.values()
    assert expected in function.environment["VALUE"]


def test_the_name_stands_for_an_imported_value(project: Project) -> None:
    loaded = project.read(LEFT_OUT.partition("  Deliveries")[0] % "!ImportValue network-VpcId")
    assert loaded.application.functions["Fun"].environment == {"VALUE": "network-VpcId"}
    [warning] = loaded.warnings
    assert "network-VpcId is exported by another stack, which is not here; its name" in warning
