"""Integrations that are no Lambda proxies, as templates write them."""

import pytest

from local_gateway.core.websocket.integration import (
    AwsService,
    CustomLambda,
    HttpEndpoint,
    LambdaProxy,
    MappedIntegration,
    Mock,
    ParameterMapping,
    Passthrough,
)
from local_gateway.template.document.errors import TemplateError
from tests.unit.local_gateway.template.project import Project

API = """
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties: {Code: code/, Handler: app.handler, Runtime: python3.13, FunctionName: fun}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: dev, AutoDeploy: true, StageVariables: {fun: fun}}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: go, Target: !Sub "integrations/${Integration}"}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
"""
RESPONSE = """
  Response:
    Type: AWS::ApiGatewayV2::IntegrationResponse
    Properties:
      ApiId: !Ref Api
      IntegrationId: !Ref Integration
"""
MOCK = ["IntegrationType: MOCK", """RequestTemplates: {$default: '{"statusCode": 200}'}"""]
URI = "arn:aws:apigateway:us-east-1"


def text(*properties: str, response: tuple[str, ...] = ()) -> str:
    own = "".join(f"      {line}\n" for line in properties)
    return (
        API.lstrip()
        + own
        + (RESPONSE.lstrip("\n") if response else "")
        + "".join(f"      {line}\n" for line in response)
    )


def read(project: Project, *properties: str, response: tuple[str, ...] = ()) -> MappedIntegration:
    [api] = project.build(text(*properties, response=response)).websocket_apis
    integration = api.routes["go"].integration
    assert isinstance(integration, MappedIntegration)
    return integration


def failure(project: Project, *properties: str, response: tuple[str, ...] = ()) -> str:
    complaint = project.complaint(text(*properties, response=response))
    return complaint.partition("/template.yaml:")[2].partition("\n")[0]


def test_a_mock_with_its_response(project: Project) -> None:
    integration = read(
        project,
        "IntegrationType: MOCK",
        'TemplateSelectionExpression: "200"',
        """RequestTemplates: {"200": '{"statusCode": 200}'}""",
        response=(
            "IntegrationResponseKey: /200/",
            'TemplateSelectionExpression: "200"',
            """ResponseTemplates: {"200": '{"message": "pong"}'}""",
            "ContentHandlingStrategy: CONVERT_TO_TEXT",
            """ResponseParameters: {route.response.header.Sec-WebSocket-Protocol: "'chat'"}""",
        ),
    )
    assert (integration.name, integration.backend) == ("mock", Mock())
    assert integration.templates == {"200": '{"statusCode": 200}'}
    assert integration.passthrough is Passthrough.WHEN_NO_MATCH
    [response] = integration.responses
    assert (response.key, response.templates) == ("/200/", {"200": '{"message": "pong"}'})
    assert response.parameters == (ParameterMapping("header", "Sec-WebSocket-Protocol", "'chat'"),)
    assert response.converts_to_text


def test_an_escaped_default_is_the_default(project: Project) -> None:
    integration = read(
        project,
        "IntegrationType: MOCK",
        r"TemplateSelectionExpression: \$default",
        """RequestTemplates: {\\$default: '{"statusCode": 200}'}""",
        response=(r"IntegrationResponseKey: \$default",),
    )
    assert list(integration.templates) == ["$default"]
    assert integration.responses[0].key == "$default"


@pytest.mark.parametrize(
    ("properties", "backend", "name"),
    [
        (
            ("IntegrationType: HTTP", "IntegrationUri: https://u:p@a.example/x/{y}?z=1"),
            HttpEndpoint("POST", "https://u:p@a.example/x/{y}?z=1"),
            "http POST a.example/x/{y}",
        ),
        (
            (
                "IntegrationType: HTTP_PROXY",
                "IntegrationUri: http://${!stageVariables.host}/x".replace("!", ""),
                "IntegrationMethod: GET",
            ),
            HttpEndpoint("GET", "http://${stageVariables.host}/x", is_proxy=True),
            "http GET ${stageVariables.host}/x",
        ),
        (
            ("IntegrationType: AWS", f"IntegrationUri: {URI}:sqs:path/123456789012/orders"),
            AwsService(
                service="sqs", region="us-east-1", method="POST", path="/123456789012/orders"
            ),
            "sqs:orders",
        ),
        (
            ("IntegrationType: AWS", f"IntegrationUri: {URI}:dynamodb:action/PutItem"),
            AwsService(
                service="dynamodb", region="us-east-1", method="POST", action="PutItem", path="/"
            ),
            "dynamodb:PutItem",
        ),
        (
            (
                "IntegrationType: AWS",
                f'IntegrationUri: !Sub "{URI}:lambda:path/2015-03-31/functions/'
                '${Fun.Arn}/invocations"',
            ),
            CustomLambda("Fun"),
            "lambda",
        ),
        (
            ("IntegrationType: AWS", "IntegrationUri: !GetAtt Fun.Arn"),
            CustomLambda("Fun"),
            "lambda",
        ),
    ],
)
def test_backends(
    project: Project, properties: tuple[str, ...], backend: object, name: str
) -> None:
    integration = read(project, *properties)
    assert (integration.backend, integration.name) == (backend, name)


def test_parameters_and_what_passes(project: Project) -> None:
    integration = read(
        project,
        "IntegrationType: HTTP",
        "IntegrationUri: http://a.example",
        "IntegrationMethod: ANY",
        "PassthroughBehavior: NEVER",
        "ContentHandlingStrategy: CONVERT_TO_BINARY",
        "RequestParameters: {integration.request.header.X: context.connectionId}",
    )
    assert integration.parameters == (ParameterMapping("header", "X", "context.connectionId"),)
    assert integration.passthrough is Passthrough.NEVER
    assert integration.converts_to_binary
    assert isinstance(integration.backend, HttpEndpoint)
    assert integration.backend.method == "POST"


def test_a_stage_variable_may_name_a_function(project: Project) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.fun}"
    [api] = project.build(
        text("IntegrationType: AWS_PROXY", f"IntegrationUri: {arn}")
    ).websocket_apis
    assert api.routes["go"].integration == LambdaProxy("Fun")


def test_stages_with_other_functions_are_refused(project: Project) -> None:
    other = (
        "  Other:\n    Type: AWS::Lambda::Function\n    Properties: {Code: code/, "
        "Handler: app.handler, Runtime: python3.13, FunctionName: other}\n"
        "  Stage2:\n    Type: AWS::ApiGatewayV2::Stage\n    Properties: {ApiId: !Ref Api, "
        "StageName: dev2, AutoDeploy: true, StageVariables: {fun: other}}\n"
    )
    arn = "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.fun}"
    complaint = project.complaint(text("IntegrationType: AWS", f"IntegrationUri: {arn}") + other)
    assert "a function that differs between stages is not served; the route is left" in complaint


@pytest.mark.parametrize(
    ("properties", "warning"),
    [
        (
            ("IntegrationType: MOCK",),
            "Route: the MOCK integration of go needs a request template such as "
            "$default: '{\"statusCode\": 200}'; without one clients get an error",
        ),
        (
            (
                "IntegrationType: AWS",
                "IntegrationMethod: POST",
                f"IntegrationUri: {URI}:sqs:action/SendMessage",
            ),
            "CredentialsArn is missing: on AWS, API Gateway needs a role to call sqs",
        ),
        (
            ("IntegrationType: HTTP", "IntegrationUri: http://a.example"),
            "IntegrationMethod is missing: POST is used",
        ),
        (
            (
                "IntegrationType: HTTP",
                "IntegrationUri: http://a.example",
                "IntegrationMethod: GET",
                "ConnectionType: VPC_LINK",
            ),
            "ConnectionType: VPC links are not there: called directly",
        ),
    ],
)
def test_what_differs_on_aws_is_a_warning(
    project: Project, properties: tuple[str, ...], warning: str
) -> None:
    warnings = project.read(text(*properties)).warnings
    assert any(line.endswith(warning) for line in warnings)


@pytest.mark.parametrize(
    ("properties", "response", "message"),
    [
        (
            ("IntegrationType: LAMBDA",),
            (),
            "18: Integration: IntegrationType: LAMBDA is not allowed; allowed: AWS_PROXY, AWS, "
            "HTTP_PROXY, HTTP, MOCK",
        ),
        (
            ("IntegrationType: HTTP", "IntegrationUri: a.example"),
            (),
            "19: Integration: IntegrationUri: a.example is no URL of an HTTP endpoint; expected "
            "http://… or https://…",
        ),
        (
            ("IntegrationType: AWS", "IntegrationUri: https://a.example"),
            (),
            "19: Integration: IntegrationUri: https://a.example is no URI of an integration of the "
            "type AWS; expected arn:aws:apigateway:REGION:SERVICE:action/NAME or "
            "…:SERVICE:path/PATH",
        ),
        (
            ("IntegrationType: AWS", f"IntegrationUri: {URI}:polly:action/Speak"),
            (),
            "19: Integration: IntegrationUri: integrations with polly are not served; these are: "
            "lambda, dynamodb, events, kinesis, s3, sns, sqs, states; the route is left out",
        ),
        (
            ("IntegrationType: MOCK", "RequestTemplates: {$default: '#if($x)'}"),
            (),
            "19: Integration: RequestTemplates.$default: line 1, column 8: expected #else, #elseif "
            "or #end in if directive",
        ),
        (
            (*MOCK, "TemplateSelectionExpression: $request.header.x"),
            (),
            "20: Integration: TemplateSelectionExpression: ${request.header.x} is no variable "
            "here; expected ${request.body…}",
        ),
        (
            (*MOCK, "RequestParameters: {integration.request.header.X: method.request.header.Y}"),
            (),
            "20: Integration: RequestParameters.integration.request.header.X: "
            "method.request.header.Y is no source of a parameter; expected 'text', "
            "route.request.…, context.… or stageVariables.…",
        ),
        (
            (*MOCK, "PassthroughBehavior: ALWAYS"),
            (),
            "20: Integration: PassthroughBehavior: ALWAYS is not allowed; allowed: WHEN_NO_MATCH, "
            "WHEN_NO_TEMPLATES, NEVER",
        ),
        (
            (
                "IntegrationType: AWS_PROXY",
                "IntegrationUri: !GetAtt Fun.Arn",
                "ContentHandlingStrategy: CONVERT_TO_BINARY",
            ),
            (),
            "20: Integration: ContentHandlingStrategy: CONVERT_TO_BINARY is not served for "
            "AWS_PROXY; the route is left out",
        ),
        (
            (
                "IntegrationType: AWS_PROXY",
                "IntegrationUri: arn:aws:lambda:us-east-1:1:function:${stageVariables.none}",
            ),
            (),
            "19: Integration: IntegrationUri: the stage dev has no variable none",
        ),
        (
            MOCK,
            ("IntegrationResponseKey: 200",),
            "25: Response: IntegrationResponseKey: 200 is no key of an integration response; "
            "expected $default or /PATTERN/",
        ),
        (
            MOCK,
            ("IntegrationResponseKey: /(/",),
            "25: Response: IntegrationResponseKey: /(/ is no pattern: missing ), unterminated "
            "subpattern at position 0",
        ),
        (
            MOCK,
            ("IntegrationResponseKey: $default", "ContentHandlingStrategy: CONVERT_TO_BINARY"),
            "26: Response: ContentHandlingStrategy: CONVERT_TO_BINARY is not served for "
            "responses: clients get text; the route is left out",
        ),
        (
            MOCK,
            ("IntegrationResponseKey: $default", "ResponseParameters: {x: \"'y'\"}"),
            "26: Response: ResponseParameters.x: x is no parameter of the integration; expected "
            "route.response.header.NAME",
        ),
    ],
)
def test_mistakes(
    project: Project, properties: tuple[str, ...], response: tuple[str, ...], message: str
) -> None:
    assert failure(project, *properties, response=response) == message


def test_a_second_response_with_the_same_key_is_refused(project: Project) -> None:
    second = RESPONSE.replace("Response:", "Second:", 1) + "      IntegrationResponseKey: /200/\n"
    template = text(*MOCK, response=("IntegrationResponseKey: /200/",)) + second.lstrip("\n")
    with pytest.raises(TemplateError, match="a second response /200/"):
        project.build(template)


def test_a_response_of_another_integration_is_refused(project: Project) -> None:
    template = text(*MOCK, response=("IntegrationResponseKey: /200/",)).replace(
        "IntegrationId: !Ref Integration", "IntegrationId: none"
    )
    with pytest.raises(TemplateError, match="none is not an integration of this API"):
        project.build(template)


def test_integration_responses_are_for_websocket_apis_only(project: Project) -> None:
    template = text(
        "IntegrationType: AWS_PROXY",
        "IntegrationUri: !GetAtt Fun.Arn",
        'PayloadFormatVersion: "2.0"',
        response=("IntegrationResponseKey: $default",),
    )
    template = template.replace(
        "ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action",
        "ProtocolType: HTTP",
    ).replace("RouteKey: go", "RouteKey: GET /go")
    with pytest.raises(TemplateError, match="IntegrationResponse is for WebSocket APIs only"):
        project.build(template)


@pytest.mark.parametrize(
    ("properties", "response", "warned"),
    [
        (MOCK, (), True),
        (MOCK, ("IntegrationResponseKey: $default",), False),
        (("IntegrationType: HTTP_PROXY", "IntegrationUri: http://a.example"), (), False),
        (("IntegrationType: AWS_PROXY", "IntegrationUri: !GetAtt Fun.Arn"), (), False),
    ],
)
def test_a_two_way_route_that_can_only_fail_is_a_warning(
    project: Project, properties: tuple[str, ...], response: tuple[str, ...], warned: bool
) -> None:
    template = text(*properties, response=response).replace(
        "RouteKey: go,", "RouteKey: go, RouteResponseSelectionExpression: $default,"
    )
    template += (
        "  RouteResponse:\n    Type: AWS::ApiGatewayV2::RouteResponse\n    Properties: "
        "{ApiId: !Ref Api, RouteId: !Ref Route, RouteResponseKey: $default}\n"
    )
    warnings = project.read(template).warnings
    expected = "go is two-way, but its integration has no integration response"
    assert any(expected in line for line in warnings) is warned
