"""WebSocket APIs on plain CloudFormation, and the URLs that lead to APIs."""

import pytest

from local_gateway.core.model import ApiKeySource, AuthorizationType
from local_gateway.core.websocket.integration import LambdaProxy
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
    return project.complaint(template).removeprefix(f"{project.root}/template.yaml:")


def test_the_smallest_websocket_api(project: Project) -> None:
    [api] = project.build(WEBSOCKET).websocket_apis
    assert (api.logical_id, len(api.api_id), [stage.name for stage in api.stages]) == (
        "Api",
        10,
        ["dev_1"],
    )
    assert api.api_id.isalnum()
    assert api.api_id == api.api_id.lower()
    assert api.routes["go"].integration == LambdaProxy("Fun")
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
            "13: Route: ApiKeyRequired: only $connect can require an API key; remove it",
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
            "IntegrationType: AWS-PROXY",
            "18: Integration: IntegrationType: AWS-PROXY is not allowed; did you mean AWS_PROXY?",
        ),
        (
            "IntegrationUri: !GetAtt Fun.Arn",
            "IntegrationUri: arn:aws:lambda:us-east-1:1:function:other",
            "19: Integration: IntegrationUri: arn:aws:lambda:us-east-1:1:function:other is not a "
            "function of this template; what leads there is left out",
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
            "22: Stage: ApiId: abc is not an API of this template; it is left out",
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


AUTHORIZER = """\
  Auth:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      {ApiId: !Ref Api, Name: a, AuthorizerType: REQUEST, AuthorizerUri: !GetAtt Fun.Arn, MORE}
"""


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "IdentitySource: [$request.header.Authorization]",
            "IdentitySource: $request.header.Authorization is not an identity source of a "
            "WebSocket API; AWS refuses it; write route.request.header.Authorization",
        ),
        (
            "IdentitySource: [method.request.querystring.token]",
            "IdentitySource: method.request.querystring.token is not an identity source of a "
            "WebSocket API; AWS refuses it; write route.request.querystring.token",
        ),
        (
            "IdentitySource: [route.request.body.token]",
            "IdentitySource: route.request.body.token is not an identity source of a WebSocket "
            "API; AWS refuses it; write route.request.header.Authorization",
        ),
        (
            "IdentitySource: 'route.request.header.A,route.request.header.B'",
            "write route.request.header.Authorization",
        ),
        (
            "AuthorizerResultTtlInSeconds: 300",
            "AuthorizerResultTtlInSeconds: is for HTTP APIs only; AWS refuses it; remove it",
        ),
        (
            "EnableSimpleResponses: true",
            "EnableSimpleResponses: is for HTTP APIs only; AWS refuses it; remove it",
        ),
        (
            'AuthorizerPayloadFormatVersion: "2.0"',
            "AuthorizerPayloadFormatVersion: is for HTTP APIs only; AWS refuses it; remove it",
        ),
    ],
)
def test_an_authorizer_that_aws_refuses(project: Project, more: str, message: str) -> None:
    text = failure(project, WEBSOCKET + AUTHORIZER.replace("MORE", more))
    assert "Auth" in text
    assert text.endswith(message)


@pytest.mark.parametrize(
    "source",
    [
        "route.request.header.Authorization",
        "route.request.querystring.token",
        "stageVariables.key",
        "context.identity.sourceIp",
    ],
)
def test_identity_sources_of_websocket_apis(project: Project, source: str) -> None:
    project.build(WEBSOCKET + AUTHORIZER.replace("MORE", f"IdentitySource: [{source}]"))


@pytest.mark.parametrize("key", ["$custom", "$Connect", "$", "$request"])
def test_a_route_key_that_begins_with_a_dollar_is_one_of_three(project: Project, key: str) -> None:
    text = failure(project, WEBSOCKET.replace("RouteKey: go", f"RouteKey: {key}"))
    assert f"{key} is refused by AWS: only $connect, $disconnect, $default begin with $" in text


@pytest.mark.parametrize(
    ("written", "instead", "name"),
    [
        ("Name: x", "Name: x, CorsConfiguration: {AllowOrigins: ['*']}", "Api: CorsConfiguration"),
        ("Name: x", "Name: x, Target: !GetAtt Fun.Arn", "Api: Target"),
        ("RouteKey: go", "RouteKey: go\n      AuthorizationScopes: [a]", "Route: Authorization"),
        (
            "IntegrationType: AWS_PROXY",
            "IntegrationType: AWS_PROXY\n      IntegrationSubtype: SQS-SendMessage",
            "Integration: IntegrationSubtype",
        ),
    ],
)
def test_properties_of_http_apis_are_refused(
    project: Project, written: str, instead: str, name: str
) -> None:
    text = failure(project, WEBSOCKET.replace(written, instead, 1))
    assert name in text
    assert text.endswith("is for HTTP APIs only; AWS refuses it; remove it")


DEPLOYMENT = """\
  Deployment:
    Type: AWS::ApiGatewayV2::Deployment
    DependsOn: [Route]
    Properties: {ApiId: !Ref Api, STAGE}
"""


@pytest.mark.parametrize(
    ("setting", "deployment", "deployed"),
    [
        ("AutoDeploy: true", "", True),
        ("AutoDeploy: false", "", False),
        ("Description: x", "", False),
        ("Description: x", DEPLOYMENT.replace(", STAGE", ""), False),
        ("DeploymentId: !Ref Deployment", DEPLOYMENT.replace(", STAGE", ""), True),
        ("Description: x", DEPLOYMENT.replace("STAGE", "StageName: dev_1"), True),
    ],
)
def test_a_stage_without_a_deployment_answers_no_client(
    project: Project, setting: str, deployment: str, deployed: bool
) -> None:
    read = project.read(WEBSOCKET.replace("AutoDeploy: true", setting) + deployment)
    [api] = read.application.websocket_apis
    assert bool(api.stages) is deployed
    assert (
        any("the stage dev_1 has no deployment" in line for line in read.warnings) is not deployed
    )


def test_a_stage_names_a_deployment_of_its_api(project: Project) -> None:
    text = failure(project, WEBSOCKET.replace("AutoDeploy: true", "DeploymentId: abc"))
    assert text == "22: Stage: DeploymentId: abc is not a deployment of this API"


def test_two_stages_with_one_name(project: Project) -> None:
    again = "".join(WEBSOCKET.splitlines(keepends=True)[-3:]).replace("  Stage:", "  Again:")
    assert failure(project, WEBSOCKET + again).endswith("Again: StageName: a second stage dev_1")


def test_stage_variables_that_aws_refuses(project: Project) -> None:
    text = failure(project, WEBSOCKET.replace("dev_1,", "dev_1, StageVariables: {a-b: c},"))
    assert "Stage: StageVariables.a-b: AWS refuses the variable; names have letters" in text


def test_two_routes_with_one_key(project: Project) -> None:
    lines = WEBSOCKET.splitlines(keepends=True)
    again = "".join(lines[7:13]).replace("  Route:", "  Again:")
    assert failure(project, WEBSOCKET + again).endswith("Again: RouteKey: a second route go")


def test_connect_may_want_a_signature(project: Project) -> None:
    signed = WEBSOCKET.replace(
        "RouteKey: go", "RouteKey: $connect\n      AuthorizationType: AWS_IAM"
    )
    (api,) = project.build(signed).websocket_apis
    assert api.routes["$connect"].authorization_type is AuthorizationType.AWS_IAM


@pytest.mark.parametrize(
    ("expression", "source"),
    [
        ("$request.header.x-api-key", ApiKeySource.HEADER),
        ("$context.authorizer.usageIdentifierKey", ApiKeySource.AUTHORIZER),
    ],
)
def test_connect_may_want_an_api_key(
    project: Project, expression: str, source: ApiKeySource
) -> None:
    keyed = WEBSOCKET.replace("RouteKey: go", "RouteKey: $connect\n      ApiKeyRequired: true")
    keyed = keyed.replace("{Name: x,", f"{{Name: x, ApiKeySelectionExpression: {expression},")
    loaded = project.read(keyed)
    (api,) = loaded.application.websocket_apis
    assert (api.routes["$connect"].api_key_required, api.api_key_source) == (True, source)
    (warning,) = loaded.warnings
    assert "no usage plan of the template lets one in" in warning
