"""A function that posts to connections needs a permission; templates forget it."""

import pytest

from tests.unit.local_gateway.template.project import Project

POSTING = """\
import boto3

def handler(event, context):
    api = boto3.client("apigatewaymanagementapi", endpoint_url="https://a/b")
    api.post_to_connection(ConnectionId="c", Data=b"d")
"""
QUIET = "def handler(event, context):\n    return None\n"

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Fun:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: posting
      Handler: app.handler
      Runtime: python3.13
      Policies: {policies}
"""
EXPECTED = (
    "template.yaml:9: Fun: Policies: the function posts to connections, but its role does not "
    "allow execute-api:ManageConnections: AWS will answer 403"
)


def statement(action: str, effect: str = "Allow") -> str:
    return f"[{{Statement: [{{Effect: {effect}, Action: {action}, Resource: '*'}}]}}]"


def warnings(project: Project, template: str, code: str = POSTING) -> list[str]:
    project.write("posting/app.py", code)
    found = project.read(template).warnings
    return [line.replace(f"{project.root}/", "") for line in found if "posts to" in line]


def of_policies(project: Project, policies: str, code: str = POSTING) -> list[str]:
    return warnings(project, TEMPLATE.format(policies=policies), code)


@pytest.mark.parametrize(
    "policies",
    [
        "[AWSLambdaBasicExecutionRole, AmazonDynamoDBFullAccess]",
        "[{DynamoDBCrudPolicy: {TableName: t}}]",
        statement("execute-api:Invoke"),
        statement("[execute-api:Invoke, 'dynamodb:*']"),
        statement("execute-api:ManageConnections", effect="Deny"),
    ],
)
def test_a_function_that_posts_without_permission_is_told(project: Project, policies: str) -> None:
    assert of_policies(project, policies) == [EXPECTED]


@pytest.mark.parametrize(
    "policies",
    [
        statement("execute-api:ManageConnections"),
        statement("[logs:CreateLogStream, EXECUTE-API:manageconnections]"),
        statement("execute-api:*"),
        statement("execute-api:Manage*"),
        statement("'*'"),
        statement("!Ref AWS::StackName"),
        "[AdministratorAccess]",
        "[AmazonAPIGatewayInvokeFullAccess]",
        "['arn:aws:iam::123456789012:policy/of-our-own']",
    ],
)
def test_a_function_that_may_post_is_not(project: Project, policies: str) -> None:
    assert of_policies(project, policies) == []


def test_a_function_that_does_not_post_needs_no_permission(project: Project) -> None:
    assert of_policies(project, "[AWSLambdaBasicExecutionRole]", QUIET) == []


def test_a_module_beside_the_handler_counts(project: Project) -> None:
    project.write("posting/sending.py", POSTING)
    assert of_policies(project, "[AWSLambdaBasicExecutionRole]", QUIET) == [EXPECTED]


def test_a_directory_that_functions_share_counts_for_the_handler_s_file_only(
    project: Project,
) -> None:
    project.write("posting/quiet.py", QUIET)
    other = """\
  Quiet:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: posting, Handler: quiet.handler, Runtime: python3.13}
"""
    template = TEMPLATE.format(policies="[AWSLambdaBasicExecutionRole]") + other
    assert warnings(project, template) == [EXPECTED]


RAW = """\
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{Statement: []}}
      ManagedPolicyArns:
        - !Sub arn:${{AWS::Partition}}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole
        - !Ref Managed
  Managed:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {{Statement: {{Effect: Allow, Action: {managed}, Resource: "*"}}}}
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: posting
      Roles: [!Ref {holder}]
      PolicyDocument: {{Statement: [{{Effect: Allow, Action: "{attached}", Resource: "*"}}]}}
  Other:
    Type: AWS::IAM::Role
    Properties: {{AssumeRolePolicyDocument: {{Statement: []}}}}
  Fun:
    Type: AWS::Lambda::Function
    Properties: {{Code: posting, Handler: app.handler, Runtime: python3.13, Role: {role}}}
"""
ALLOWED = "execute-api:ManageConnections"


@pytest.mark.parametrize(
    ("managed", "attached", "holder", "role", "told"),
    [
        ("logs:Put", "logs:Put", "Role", "!GetAtt Role.Arn", True),
        (ALLOWED, "logs:Put", "Role", "!GetAtt Role.Arn", False),
        ("logs:Put", ALLOWED, "Role", "!GetAtt Role.Arn", False),
        ("logs:Put", ALLOWED, "Other", "!GetAtt Role.Arn", True),
        ("logs:Put", "logs:Put", "Role", "arn:aws:iam::123456789012:role/remote_functions", False),
    ],
)
def test_policies_beside_the_role_count(
    project: Project, managed: str, attached: str, holder: str, role: str, told: bool
) -> None:
    template = RAW.format(managed=managed, attached=attached, holder=holder, role=role)
    assert bool(warnings(project, template)) is told
