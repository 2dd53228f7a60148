"""Whatever names an alias or a version of a function runs the function that is there."""

import pytest

from local_gateway.core.websocket.integration import LambdaProxy
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:local-F"
URI = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    "${%s}/invocations"
)
VALUES = ResourceValues(
    refs={"Q": "http://q", "R": "rule"},
    attributes={("Q", "Arn"): QUEUE, ("R", "Arn"): "arn:rule"},
)
PLAIN = """\
Parameters:
  Snapshots: {{Type: String, Default: "On"}}
Conditions:
  TakesSnapshots: !Equals [!Ref Snapshots, "On"]
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Code: code
      Handler: app.handler
      Runtime: python3.13
      SnapStart: {{ApplyOn: !If [TakesSnapshots, PublishedVersions, None]}}
  V: {{Type: AWS::Lambda::Version, Properties: {{FunctionName: !Ref F, Description: first}}}}
  A:
    Type: AWS::Lambda::Alias
    UpdatePolicy:
      CodeDeployLambdaAliasUpdate: {{ApplicationName: !Ref D, DeploymentGroupName: !Ref G}}
    Properties:
      Name: live
      FunctionName: !GetAtt F.Arn
      FunctionVersion: !GetAtt V.Version
      RoutingConfig: {{AdditionalVersionWeights: [{{FunctionVersion: "1", FunctionWeight: 0.1}}]}}
  D: {{Type: AWS::CodeDeploy::Application, Properties: {{ComputePlatform: Lambda}}}}
  G:
    Type: AWS::CodeDeploy::DeploymentGroup
    Properties: {{ApplicationName: !Ref D, ServiceRoleArn: !GetAtt Role.Arn}}
  Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{}}}}}}
  Socket:
    Type: AWS::ApiGatewayV2::Api
    Properties: {{Name: s, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.a}}
  Connect:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Socket
      RouteKey: $connect
      AuthorizationType: CUSTOM
      AuthorizerId: !Ref Authorizer
      Target: !Sub integrations/${{Integration}}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {{ApiId: !Ref Socket, IntegrationType: AWS_PROXY, IntegrationUri: !Sub "{uri}"}}
  Authorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Socket
      Name: a
      AuthorizerType: REQUEST
      AuthorizerUri: !Sub "{uri}"
      IdentitySource: [route.request.header.Cookie]
  Web:
    Type: AWS::ApiGatewayV2::Api
    Properties: {{Name: w, ProtocolType: HTTP, Target: !Ref {alias}}}
  Q: {{Type: AWS::SQS::Queue}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {{EventSourceArn: !GetAtt Q.Arn, FunctionName: !Ref {alias}}}
  R:
    Type: AWS::Events::Rule
    Properties: {{EventPattern: {{source: [s]}}, Targets: [{{Id: t, Arn: !Ref {alias}}}]}}
  Asynchronous:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: {{FunctionName: !Ref F, Qualifier: live, MaximumRetryAttempts: 0}}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref {alias}
      Principal: apigateway.amazonaws.com
  Daily:
    Type: AWS::Scheduler::Schedule
    Properties:
      FlexibleTimeWindow: {{Mode: "OFF"}}
      ScheduleExpression: rate(1 day)
      Target: {{Arn: !Ref {alias}, RoleArn: !GetAtt Role.Arn}}
Outputs:
  Arn: {{Value: !Ref {alias}}}
"""
SAM = """\
Transform: AWS::Serverless-2016-10-31
Mappings:
  Types: {Canary10Percent5Minutes: {IsGradual: "true"}}
Parameters:
  Deployment: {Type: String, Default: Canary10Percent5Minutes}
Globals:
  Function:
    AutoPublishAlias: live
    DeploymentPreference:
      Enabled: !FindInMap [Types, !Ref Deployment, IsGradual]
      Type: !Ref Deployment
      Alarms: [!Ref Alarm]
Resources:
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {MetricName: Errors}}
  Socket:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: ws
      RouteSelectionExpression: $request.body.a
      Auth: {AuthType: CUSTOM, AuthArn: !Ref F.Alias, IdentitySource: [route.request.header.C]}
      Routes:
        $connect: {FunctionArn: !Ref F.Alias}
        $default: {FunctionArn: !Ref F.Version}
  Q: {Type: AWS::SQS::Queue}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: app.handler
      Runtime: python3.13
      AutoPublishAliasAllProperties: true
      Events:
        Web: {Type: HttpApi}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Q.Arn}}
"""


@pytest.mark.parametrize(("alias", "qualifier"), [("A", "live"), ("V", "1")])
def test_an_alias_or_version_leads_to_the_function(
    project: Project, alias: str, qualifier: str
) -> None:
    found = project.build(PLAIN.format(alias=alias, uri=URI % alias), VALUES)
    [route] = found.websocket_apis[0].routes.values()
    assert route.integration == LambdaProxy("F")
    assert route.authorizer is not None
    assert route.authorizer.function == "F"
    assert [route.function for route in found.http_apis[0].routes] == ["F"]
    assert [mapping.function for mapping in found.queue_mappings] == ["F"]
    targets = [*found.event_rules[0].targets, found.schedules[0].target]
    assert [target.function for target in targets] == ["F", "F"]
    assert found.asynchronous["F"].maximum_retries == 0
    assert found.outputs["Arn"] == f"{FUNCTION}:{qualifier}"


def test_what_sam_publishes_and_deploys_gradually_is_served(project: Project) -> None:
    found = project.build(SAM, VALUES)
    routes = found.websocket_apis[0].routes
    assert {key: route.integration for key, route in routes.items()} == {
        "$connect": LambdaProxy("F"),
        "$default": LambdaProxy("F"),
    }
    assert routes["$connect"].authorizer is not None
    assert routes["$connect"].authorizer.function == "F"
    assert [route.function for route in found.http_apis[0].routes] == ["F"]
    assert [mapping.function for mapping in found.queue_mappings] == ["F"]


def test_an_alias_of_another_stack_is_refused(project: Project) -> None:
    remote_functions = f"{FUNCTION}remote_functions:live"
    template = PLAIN.format(alias="A", uri=URI.replace("${%s}", remote_functions))
    assert "is not a function of this template" in project.complaint(template, VALUES)
