"""Data resources are checked without a server."""

from pathlib import Path

from local_gateway.aws_services.offline import check_data_resources
from local_gateway.template.application import build_application
from local_gateway.template.document.problems import Problems
from local_gateway.template.loading.load import load_template
from tests.unit.local_gateway.template.project import HANDLER, Project

TEMPLATE = """\
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {KeySchema: [{AttributeName: id, KeyType: HASH}], AttributeDefinitions: []}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn}}
  Dead: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Bucket: {Type: AWS::S3::Bucket}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {}}}
  Parameter: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: x}}
  Pool: {Type: AWS::Cognito::UserPool}
  Client: {Type: AWS::Cognito::UserPoolClient, Properties: {UserPoolId: !Ref Pool}}
  Key: {Type: AWS::KMS::Key}
  Stream: {Type: AWS::Kinesis::Stream}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}
  Rule: {Type: AWS::Events::Rule, Properties: {EventPattern: {source: [x]}}}
  Fun:
    Type: AWS::Lambda::Function
    Properties:
      Code: code
      Handler: app.handler
      Runtime: python3.13
      Environment: {Variables: {TABLE: !Ref Table, ARN: !GetAtt Queue.Arn, S: "{{resolve:ssm:/x}}"}}
"""


def test_right_resources_have_no_problem_and_values_of_their_name(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("code/app.py", HANDLER)
    problems = Problems()
    template = load_template(project.write("template.yaml", TEMPLATE), problems=problems)
    values = check_data_resources(template, "us-east-1", {"ssm:/x": "given"}, problems)
    loaded = build_application(template, values, problems=problems)
    assert loaded.application.functions["Fun"].environment == {
        "TABLE": "local-Table",
        "ARN": "arn:aws:sqs:us-east-1:123456789012:local-Queue",
        "S": "given",
    }
    assert loaded.warnings == ()


def test_wrong_properties_are_problems(tmp_path: Path) -> None:
    project = Project(tmp_path)
    problems = Problems()
    text = TEMPLATE.replace("AttributeDefinitions: []", "AttributeDefinitions: x")
    template = load_template(project.write("template.yaml", text), problems=problems)
    check_data_resources(template, "us-east-1", {}, problems)
    [error] = problems.errors
    assert str(error).endswith("4: Table: AttributeDefinitions: expected a list")
