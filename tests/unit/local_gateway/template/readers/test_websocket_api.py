"""WebSocket APIs on plain CloudFormation, and the URLs that lead to APIs."""

import pytest

from local_gateway.template.document.errors import TemplateError
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


def failure(project: Project, template: str) -> str:
    with pytest.raises(TemplateError) as raised:
        project.build(template)
    return str(raised.value).removeprefix(f"{project.root}/template.yaml:")


def test_the_smallest_websocket_api(project: Project) -> None:
    [api] = project.build(WEBSOCKET).websocket_apis
    assert (api.logical_id, len(api.api_id), [stage.name for stage in api.stages]) == (
        "Api",
        10,
        ["dev_1"],
    )
    assert api.api_id.isalnum()
    assert api.api_id == api.api_id.lower()
    assert api.routes["go"].function == "Fun"
    assert api.routes["go"].timeout == 29.0


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        (
            "$request.body.action",
            "$request.header.action",
            "7: Api: RouteSelectionExpression: expected $request.body.name, ${request.body.name} "
            "or \\$ at character 0 of '$request.header.action'",
        ),
        (
            "RouteKey: go",
            "RouteKye: go",
            "12: Route: RouteKye: unknown property; did you mean RouteKey?",
        ),
        (
            "RouteKey: go",
            "RouteKey: go\n      AuthorizationType: CUSTM",
            "13: Route: AuthorizationType: CUSTM is not allowed; did you mean CUSTOM?",
        ),
        (
            "RouteKey: go",
            "RouteKey: $connect\n      AuthorizationType: AWS_IAM",
            "13: Route: AuthorizationType: AWS_IAM is not served yet; use NONE or CUSTOM",
        ),
        (
            "RouteKey: go",
            "RouteKey: go\n      AuthorizationType: CUSTOM",
            "13: Route: AuthorizationType: go: only $connect can be authorized",
        ),
        (
            "RouteKey: go",
            "RouteKey: $connect\n      AuthorizationType: CUSTOM\n      AuthorizerId: abc",
            "14: Route: AuthorizerId: abc is not an authorizer of this API",
        ),
        (
            "RouteKey: go",
            "RouteKey: go\n      ApiKeyRequired: true",
            "13: Route: ApiKeyRequired: API keys are not served yet",
        ),
        (
            "RouteKey: go",
            "RouteKey: go\n      RequestModels: {go: Order}",
            "13: Route: RequestModels.go: there is no model named Order",
        ),
        (
            "Target: !Sub integrations/${Integration}",
            "Target: !Ref Integration",
            "13: Route: Target: exb4028acn is not an integration of this API; "
            'expected !Join ["/", [integrations, !Ref TheIntegration]]',
        ),
        (
            "IntegrationType: AWS_PROXY",
            "IntegrationType: MOCK",
            "18: Integration: IntegrationType: MOCK is not served; use AWS_PROXY",
        ),
        (
            "IntegrationUri: !GetAtt Fun.Arn",
            "IntegrationUri: arn:aws:lambda:us-east-1:1:function:other",
            "19: Integration: IntegrationUri: arn:aws:lambda:us-east-1:1:function:other is not a "
            "function of this template; expected the function's ARN or its invocation URI",
        ),
        (
            "IntegrationUri: !GetAtt Fun.Arn",
            "IntegrationUri: !GetAtt Fun.Arn\n      TimeoutInMillis: 30000",
            "20: Integration: TimeoutInMillis: 30000 is not between 50 and 29000",
        ),
        (
            "IntegrationUri: !GetAtt Fun.Arn",
            "IntegrationUri: !GetAtt Fun.Name",
            "19: Integration: IntegrationUri: AWS::Lambda::Function has no attribute Name",
        ),
        (
            "StageName: dev_1",
            "StageName: dev.1",
            "22: Stage: StageName: dev.1 is not a stage name of a WebSocket API",
        ),
        (
            "StageName: dev_1",
            "StageName: dev, DefaultRouteSettings: {ThrotlingRateLimit: 5}",
            "22: Stage: DefaultRouteSettings.ThrotlingRateLimit: unknown property; "
            "did you mean ThrottlingRateLimit?",
        ),
        (
            "StageName: dev_1",
            "StageName: dev, RouteSettings: {goo: {ThrottlingRateLimit: 5}}",
            "22: Stage: RouteSettings.goo: there is no route goo; did you mean go?",
        ),
        (
            "ApiId: !Ref Api, StageName",
            "ApiId: abc, StageName",
            "22: Stage: ApiId: abc is not an API of this template",
        ),
        (
            "ProtocolType: WEBSOCKET",
            "ProtocolType: WEBSOKET",
            "7: Api: ProtocolType: WEBSOKET is not allowed; did you mean WEBSOCKET?",
        ),
    ],
)
def test_websocket_mistakes(project: Project, written: str, instead: str, message: str) -> None:
    assert written in WEBSOCKET
    assert failure(project, WEBSOCKET.replace(written, instead)) == message


def test_two_routes_with_one_key(project: Project) -> None:
    lines = WEBSOCKET.splitlines(keepends=True)
    again = "".join(lines[7:13]).replace("  Route:", "  Again:")
    assert failure(project, WEBSOCKET + again).endswith("Again: RouteKey: a second route go")
