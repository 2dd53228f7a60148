"""HTTP APIs, from SAM and from plain CloudFormation."""

import pytest

from local_gateway.core.model import (
    AuthorizationType,
    Cors,
    HttpLambdaAuthorizer,
    HttpRoute,
    HttpStage,
    JwtAuthorizer,
)
from tests.unit.local_gateway.template.project import Project

SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13, Handler: app.handler, CodeUri: code}}
Resources:
"""


def failure(project: Project, template: str) -> str:
    return project.complaint(template).removeprefix(f"{project.root}/template.yaml:")


def test_http_api_from_function_events(project: Project) -> None:
    [api] = project.build(
        SAM
        + """\
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        List: {Type: HttpApi, Properties: {Path: "/items/{id}", Method: get}}
        Any: {Type: HttpApi, Properties: {Path: /any, Method: ANY, TimeoutInMillis: 5000}}
  Rest:
    Type: AWS::Serverless::Function
    Properties: {Events: {All: {Type: HttpApi}}}
"""
    ).http_apis
    assert api.routes == (
        HttpRoute(route_key="GET /items/{id}", function="Shop"),
        HttpRoute(route_key="ANY /any", function="Shop", timeout=5.0),
        HttpRoute(route_key="$default", function="Rest"),
    )
    assert api.stages == (HttpStage(name="$default"),)
    assert api.cors is None


HTTP_SAM = (
    SAM
    + """\
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      StageName: v1
      StageVariables: {color: red}
      {more}
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      Events: {Any: {Type: HttpApi, Properties: {ApiId: !Ref Http}}}
"""
)


def test_cors_and_stage_of_a_sam_http_api(project: Project) -> None:
    cors = (
        "CorsConfiguration: {AllowOrigins: ['https://a.example'], AllowMethods: [GET, POST], "
        "AllowHeaders: [x-a], ExposeHeaders: [x-b], AllowCredentials: true, MaxAge: 600}"
    )
    [api] = project.build(HTTP_SAM.replace("{more}", cors)).http_apis
    assert api.stages == (HttpStage(name="v1", variables={"color": "red"}),)
    assert api.cors == Cors(
        allow_origins=("https://a.example",),
        allow_methods=("GET", "POST"),
        allow_headers=("x-a",),
        expose_headers=("x-b",),
        allow_credentials=True,
        max_age=600,
    )


def test_definition_in_a_file_of_its_own(project: Project) -> None:
    project.write(
        "openapi.yaml",
        """\
        openapi: 3.0.1
        info: {title: x, version: "1"}
        paths:
          /hello:
            parameters: []
            post:
              x-amazon-apigateway-integration:
                $ref: '#/components/x-amazon-apigateway-integrations/shop'
        components:
          x-amazon-apigateway-integrations:
            shop:
              type: aws_proxy
              payloadFormatVersion: "2.0"
              uri: !GetAtt Shop.Arn
        """,
    )
    template = HTTP_SAM.replace("{more}", "DefinitionUri: openapi.yaml")
    [api] = project.build(template).http_apis
    assert [route.route_key for route in api.routes] == ["POST /hello", "$default"]


def test_a_jwt_authorizer_of_sam(project: Project) -> None:
    auth = (
        "Auth: {DefaultAuthorizer: J, Authorizers: {J: {AuthorizationScopes: [s], "
        "JwtConfiguration: {issuer: 'https://i.example', audience: [a]}, "
        "IdentitySource: $request.header.Authorization}}}"
    )
    [api] = project.build(HTTP_SAM.replace("{more}", auth)).http_apis
    (route,) = api.routes
    assert (route.authorization_type, route.scopes) == (AuthorizationType.JWT, ("s",))
    assert route.authorizer == JwtAuthorizer(
        name="J",
        identity_source="$request.header.Authorization",
        issuer="https://i.example",
        audience=("a",),
    )


def test_a_lambda_authorizer_of_sam(project: Project) -> None:
    auth = (
        "Auth: {DefaultAuthorizer: L, Authorizers: {L: {FunctionArn: !GetAtt Shop.Arn, "
        "AuthorizerPayloadFormatVersion: 2.0, EnableSimpleResponses: true, "
        "Identity: {Headers: [X-A], QueryStrings: [q], ReauthorizeEvery: 60}}}}"
    )
    [api] = project.build(HTTP_SAM.replace("{more}", auth)).http_apis
    (route,) = api.routes
    assert route.authorization_type is AuthorizationType.CUSTOM
    assert route.authorizer == HttpLambdaAuthorizer(
        name="L",
        function="Shop",
        identity_sources=("$request.header.X-A", "$request.querystring.q"),
        payload_format_version="2.0",
        simple_responses=True,
        ttl=60,
    )


HTTP = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties: {Code: code, Handler: app.handler, Runtime: python3.13}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: HTTP, CorsConfiguration: {AllowOrigins: ["*"]}}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: GET /x, Target: !Sub "integrations/${Integration}"}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !GetAtt Fun.Arn
      PayloadFormatVersion: "2.0"
"""


def test_http_api_on_plain_cloudformation(project: Project) -> None:
    [api] = project.build(HTTP).http_apis
    assert api.routes == (HttpRoute(route_key="GET /x", function="Fun"),)
    assert api.cors == Cors(allow_origins=("*",))


def test_a_route_that_wants_a_signature(project: Project) -> None:
    [api] = project.build(
        HTTP.replace("RouteKey: GET /x", "RouteKey: GET /x, AuthorizationType: AWS_IAM")
    ).http_apis
    assert [route.authorization_type for route in api.routes] == [AuthorizationType.AWS_IAM]


@pytest.mark.parametrize(
    ("api_auth", "auth", "kind"),
    [
        ("", "", "NONE"),
        ("", ", Auth: {Authorizer: AWS_IAM}", "AWS_IAM"),
        (", DefaultAuthorizer: AWS_IAM", "", "AWS_IAM"),
        (", DefaultAuthorizer: AWS_IAM", ", Auth: {Authorizer: NONE}", "NONE"),
    ],
)
def test_sam_writes_signatures_as_security(
    project: Project, api_auth: str, auth: str, kind: str
) -> None:
    more = f"Auth: {{EnableIamAuthorizer: true{api_auth}}}"
    template = HTTP_SAM.replace("{more}", more).replace(
        "{ApiId: !Ref Http}", f"{{Path: /x, Method: post, ApiId: !Ref Http{auth}}}"
    )
    [api] = project.build(template).http_apis
    assert [route.authorization_type for route in api.routes] == [kind]


@pytest.mark.parametrize("kind", ["Model", "RouteResponse"])
def test_parts_of_websocket_apis_are_refused(project: Project, kind: str) -> None:
    part = f"  M: {{Type: AWS::ApiGatewayV2::{kind}, Properties: {{ApiId: !Ref Api}}}}\n"
    text = failure(project, HTTP + part)
    assert text == f"18: M: AWS::ApiGatewayV2::{kind} is for WebSocket APIs only"


def test_two_routes_with_one_key(project: Project) -> None:
    lines = HTTP.splitlines(keepends=True)
    again = "".join(lines[7:10]).replace("  Route:", "  Again:")
    assert failure(project, HTTP + again).endswith("Again: RouteKey: a second route GET /x")


def test_quick_create(project: Project) -> None:
    [api] = project.build(
        HTTP[: HTTP.index("  Route:")].replace("Name: x", "Name: x, Target: !GetAtt Fun.Arn")
    ).http_apis
    assert api.routes == (HttpRoute(route_key="$default", function="Fun"),)
    assert api.stages == (HttpStage(name="$default"),)


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        (
            'PayloadFormatVersion: "2.0"',
            'PayloadFormatVersion: "3.0"',
            "17: Integration: PayloadFormatVersion: 3.0 is not allowed; did you mean 2.0?",
        ),
        (
            "IntegrationType: AWS_PROXY",
            "IntegrationType: HTTP_PROXY",
            "15: Integration: IntegrationType: the integration HTTP_PROXY is not served; "
            "the route is left out",
        ),
        (
            "RouteKey: GET /x",
            "RouteKey: get /x",
            "10: Route: RouteKey: get /x is not a route key of an HTTP API; "
            "expected $default or METHOD /path",
        ),
        (
            "RouteKey: GET /x",
            "RouteKey: GET /x, AuthorizationType: JWT",
            "10: Route: AuthorizerId is missing",
        ),
        (
            "RouteKey: GET /x",
            "RouteKey: GET /x, AuthorizationType: JWT, AuthorizerId: x",
            "10: Route: AuthorizerId: x is not an authorizer of this API",
        ),
        (
            "RouteKey: GET /x",
            "RouteKey: GET /x, AuthorizationType: COGNITO",
            "10: Route: AuthorizationType: COGNITO is not allowed; allowed: NONE, AWS_IAM, JWT, "
            "CUSTOM",
        ),
        (
            "RouteKey: GET /x",
            "RouteKey: $connect",
            "10: Route: RouteKey: $connect is not a route key of an HTTP API; "
            "expected $default or METHOD /path",
        ),
        (
            "RouteKey: GET /x",
            "RouteKey: 'GET /{rest+}/x'",
            "10: Route: RouteKey: {rest+} is not a variable of a path; AWS refuses it; "
            "expected {name} as a whole segment, or {name+} as the last one",
        ),
        (
            "RouteKey: GET /x",
            "RouteKey: GET /x, RouteResponseSelectionExpression: $default",
            "10: Route: RouteResponseSelectionExpression: is for WebSocket APIs only; AWS refuses "
            "it; remove it",
        ),
        (
            "Name: x",
            "Name: x, RouteSelectionExpression: $request.body.action",
            "7: Api: RouteSelectionExpression: $request.body.action is for WebSocket APIs only; "
            "AWS refuses it; remove it, or write ${request.method} ${request.path}",
        ),
        (
            "IntegrationType: AWS_PROXY",
            "IntegrationType: AWS_PROXY\n      PassthroughBehavior: NEVER",
            "16: Integration: PassthroughBehavior: is for WebSocket APIs only; AWS refuses it; "
            "remove it",
        ),
        (
            'AllowOrigins: ["*"]',
            'AllowOrigins: ["*"], AllowCredentials: true',
            "7: Api: CorsConfiguration.AllowCredentials: AWS refuses credentials for every origin; "
            "name the origins in AllowOrigins",
        ),
    ],
)
def test_http_mistakes(project: Project, written: str, instead: str, message: str) -> None:
    assert written in HTTP
    assert failure(project, HTTP.replace(written, instead)) == message


GUARDED = HTTP.replace(
    "RouteKey: GET /x",
    "RouteKey: GET /x, AuthorizationType: KIND, AuthorizerId: !Ref Auth, AuthorizationScopes: [s]",
)


def authorizer(kind: str, more: str) -> str:
    return (
        GUARDED.replace("KIND", kind)
        + f"""\
  Auth:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      Name: auth
      AuthorizerType: {"JWT" if kind == "JWT" else "REQUEST"}
      {more}
"""
    )


LAMBDA = "AuthorizerUri: !GetAtt Fun.Arn\n      "
JWT = "JwtConfiguration: {Audience: [app], Issuer: 'https://issuer.example'}\n      "


def test_a_jwt_authorizer_on_plain_cloudformation(project: Project) -> None:
    more = JWT + "IdentitySource: [$request.header.X-Token]"
    [api] = project.build(authorizer("JWT", more)).http_apis
    (route,) = api.routes
    assert route.scopes == ("s",)
    assert route.authorizer == JwtAuthorizer(
        name="auth",
        identity_source="$request.header.X-Token",
        issuer="https://issuer.example",
        audience=("app",),
    )


def test_a_lambda_authorizer_on_plain_cloudformation(project: Project) -> None:
    more = (
        "AuthorizerPayloadFormatVersion: '2.0'\n      EnableSimpleResponses: true\n      "
        "AuthorizerResultTtlInSeconds: 60\n      IdentitySource: [$request.querystring.token]"
    )
    [api] = project.build(authorizer("CUSTOM", LAMBDA + more)).http_apis
    (route,) = api.routes
    assert route.authorizer == HttpLambdaAuthorizer(
        name="auth",
        function="Fun",
        identity_sources=("$request.querystring.token",),
        payload_format_version="2.0",
        simple_responses=True,
        ttl=60,
    )


@pytest.mark.parametrize(
    ("kind", "more", "message"),
    [
        ("JWT", "Description: x", "unknown property"),
        ("JWT", "IdentitySource: [x]", "x is not an identity source of an HTTP API"),
        ("JWT", "JwtConfiguration: {Audience: [app]}", "Issuer is missing"),
        ("CUSTOM", LAMBDA + "AuthorizerPayloadFormatVersion: '3.0'", "AWS refuses 3.0"),
        ("CUSTOM", LAMBDA + "EnableSimpleResponses: true", "AWS refuses 1.0 with simple responses"),
        ("CUSTOM", LAMBDA + "AuthorizerResultTtlInSeconds: 3601", "from 0 to 3600"),
        ("CUSTOM", "AuthorizerUri: x", "x is not a function of this template"),
    ],
)
def test_mistakes_in_authorizers(project: Project, kind: str, more: str, message: str) -> None:
    assert message in failure(project, authorizer(kind, more))


def test_without_a_version_events_have_format_1_0(project: Project) -> None:
    [api] = project.build(HTTP.replace('      PayloadFormatVersion: "2.0"\n', "")).http_apis
    assert [route.payload_format_version for route in api.routes] == ["1.0"]
