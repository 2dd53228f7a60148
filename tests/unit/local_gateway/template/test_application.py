"""An application of all that a template has, its outputs and its warnings."""

from tests.unit.local_gateway.template.project import Project

WEBSOCKET = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties: {Code: code, Handler: app.handler, Runtime: python3.13}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: go
      Target: !Sub integrations/${Integration}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !GetAtt Fun.Arn
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: dev_1, AutoDeploy: true}
"""


def test_api_without_a_stage_is_a_warning(project: Project) -> None:
    [warning] = project.read(WEBSOCKET[: WEBSOCKET.index("  Stage:")]).warnings
    assert warning == "Api: the API has no stage, so no client can reach it"


def test_outputs(project: Project) -> None:
    application = project.build(
        WEBSOCKET
        + """\
  Cdn: {Type: AWS::CloudFront::Distribution}
Outputs:
  Socket: {Value: !Sub "${Api.ApiEndpoint}/${Stage}"}
  Cdn: {Value: !GetAtt Cdn.DomainName}
  Role: {Value: !GetAtt Fun.Arn}
"""
    )
    outputs = application.outputs
    [api] = application.websocket_apis
    assert outputs["Socket"] == f"wss://{api.api_id}.execute-api.us-east-1.amazonaws.com/dev_1"
    assert outputs["Cdn"].endswith(".cloudfront.net")
