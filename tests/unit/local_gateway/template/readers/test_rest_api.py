"""REST APIs: as SAM, Chalice and the CDK write them, and on plain CloudFormation."""

import json
from typing import Any

import pytest

from local_gateway.core.model import (
    ApiKeySource,
    AuthorizationType,
    GatewayResponse,
    LambdaIntegration,
    MockIntegration,
    RestApi,
    RestAuthorizerKind,
    RestMethod,
    Throttle,
    UnservedIntegration,
)
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project

VALUES = ResourceValues(
    refs={"Pool": "us-east-1_pool"},
    attributes={("Pool", "Arn"): "arn:aws:cognito-idp:us-east-1:1:userpool/us-east-1_pool"},
)
HEAD = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Fun:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.13
      CodeUri: code
      Events:
"""


@pytest.fixture(autouse=True)
def _code(project: Project) -> None:
    project.write("code/app.py", "def handler(event, context):\n    return None\n")


def read(project: Project, template: str) -> tuple[RestApi, list[str]]:
    loaded = project.read(template, VALUES)
    (api,) = loaded.application.rest_apis
    return api, list(loaded.warnings)


def by_key(api: RestApi) -> dict[str, RestMethod]:
    return {f"{method.http_method} {method.resource}": method for method in api.methods}


def test_the_implicit_api_of_sam(project: Project) -> None:
    events = "        One: {Type: Api, Properties: {Path: '/a/{id}', Method: get}}\n"
    api, warnings = read(project, HEAD + events)
    assert api.logical_id == "ServerlessRestApi"
    assert [stage.name for stage in api.stages] == ["Prod"]
    (method,) = api.methods
    assert (method.http_method, method.resource) == ("GET", "/a/{id}")
    assert method.integration == LambdaIntegration(function="Fun", timeout=29.0)
    assert method.authorization_type is AuthorizationType.NONE
    assert warnings == []


AUTHORIZERS = """\
  Pool: {Type: AWS::Cognito::UserPool}
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      Variables: {colour: blue}
      Cors: "'*'"
      BinaryMediaTypes: [image~1png]
      MethodSettings:
        - {ResourcePath: "/*", HttpMethod: "*", ThrottlingRateLimit: 5}
        - {ResourcePath: "/~1a", HttpMethod: GET, ThrottlingBurstLimit: 1}
      Auth:
        AddDefaultAuthorizerToCorsPreflight: false
        DefaultAuthorizer: Request
        Authorizers:
          Request:
            FunctionPayloadType: REQUEST
            FunctionArn: !GetAtt Fun.Arn
            Identity: {Headers: [X-A], QueryStrings: [q], ReauthorizeEvery: 0}
          Token:
            FunctionArn: !GetAtt Fun.Arn
            Identity: {Header: X-T, ValidationExpression: "^a.*"}
          Cognito: {UserPoolArn: !GetAtt Pool.Arn, AuthorizationScopes: [s]}
      GatewayResponses:
        DEFAULT_4XX: {ResponseParameters: {Headers: {Access-Control-Allow-Origin: "'*'"}}}
"""


def events(**auth: str) -> str:
    return "".join(
        f"        E{path}: {{Type: Api, Properties: "
        f"{{RestApiId: !Ref Api, Path: /{path}, Method: get, Auth: {value}}}}}\n"
        for path, value in auth.items()
    )


def test_authorizers_of_sam(project: Project) -> None:
    written = events(
        a="{}",
        b="{Authorizer: Token}",
        c="{Authorizer: Cognito}",
        d="{Authorizer: AWS_IAM}",
        e="{Authorizer: NONE}",
    )
    api, _ = read(project, HEAD + written + AUTHORIZERS)
    methods = by_key(api)
    request, token, cognito = (methods[f"GET /{path}"].authorizer for path in "abc")
    assert request is not None
    assert (request.kind, request.function, request.ttl) == (
        RestAuthorizerKind.REQUEST,
        "Fun",
        0,
    )
    assert request.identity_sources == ("method.request.header.X-A", "method.request.querystring.q")
    assert token is not None
    assert (token.kind, token.ttl) == (RestAuthorizerKind.TOKEN, 300)
    assert token.identity_sources == ("method.request.header.X-T",)
    assert token.validation_expression == "^a.*"
    assert cognito is not None
    assert cognito.user_pools == ("us-east-1_pool",)
    assert cognito.identity_sources == ("method.request.header.Authorization",)
    assert methods["GET /c"].scopes == ("s",)
    kinds = [methods[f"GET /{path}"].authorization_type.value for path in "abcde"]
    assert kinds == ["CUSTOM", "CUSTOM", "COGNITO_USER_POOLS", "AWS_IAM", "NONE"]


def test_what_sam_says_about_the_whole_api(project: Project) -> None:
    api, _ = read(project, HEAD + events(a="{}") + AUTHORIZERS)
    (stage,) = api.stages
    assert (stage.name, stage.variables) == ("dev", {"colour": "blue"})
    assert stage.default_throttle == Throttle(rate=5, burst=5_000)
    assert stage.throttles == {"GET /a": Throttle(rate=10_000, burst=1)}
    assert api.binary_media_types == ("image/png",)
    cors = (("Access-Control-Allow-Origin", "'*'"),)
    assert api.gateway_responses == {"DEFAULT_4XX": GatewayResponse(headers=cors)}
    preflight = by_key(api)["OPTIONS /a"]
    assert preflight.authorizer is None
    assert preflight.integration == MockIntegration(
        status=200,
        headers=(
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Methods", "GET,OPTIONS"),
            ("Content-Type", "application/json"),
        ),
        body="{}\n",
    )


def test_api_keys_and_the_usage_plan_of_sam(project: Project) -> None:
    api_resource = """\
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      ApiKeySourceType: AUTHORIZER
      Auth: {ApiKeyRequired: true, UsagePlan: {CreateUsagePlan: PER_API}}
"""
    api, (warning,) = read(project, HEAD + events(a="{}") + api_resource)
    assert by_key(api)["GET /a"].api_key_required
    assert api.api_key_source is ApiKeySource.AUTHORIZER
    (stage,) = api.stages
    (key,) = stage.api_keys
    assert warning == f"ApiApiKey: the template gives the API key no Value; here it is {key.value}"


PLAIN = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties: {Code: code, Handler: app.handler, Runtime: python3.13}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: x}
  Pets:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: pets}
  Pet:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !Ref Pets, PathPart: "{id}"}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Pet
      HttpMethod: GET
      AuthorizationType: CUSTOM
      AuthorizerId: !Ref Auth
      ApiKeyRequired: true
      Integration:
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        TimeoutInMillis: 5000
        Uri: !GetAtt Fun.Arn
  Root:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: OPTIONS
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: "{ statusCode: 200 }"}
        IntegrationResponses:
          - StatusCode: "204"
            ResponseParameters:
              method.response.header.Access-Control-Allow-Origin: "'*'"
  Auth:
    Type: AWS::ApiGateway::Authorizer
    Properties:
      RestApiId: !Ref Api
      Name: auth
      Type: TOKEN
      AuthorizerUri: !GetAtt Fun.Arn
      IdentitySource: method.request.header.X-T
      AuthorizerResultTtlInSeconds: 60
  Deployment:
    Type: AWS::ApiGateway::Deployment
    Properties: {RestApiId: !Ref Api}
  Dev:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      StageName: dev
  Key:
    Type: AWS::ApiGateway::ApiKey
    Properties: {Value: a-key-of-more-than-20, Enabled: true}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    Properties: {ApiStages: [{ApiId: !Ref Api, Stage: !Ref Dev}]}
  Member:
    Type: AWS::ApiGateway::UsagePlanKey
    Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}
"""


def test_resources_and_methods(project: Project) -> None:
    api, warnings = read(project, PLAIN)
    methods = by_key(api)
    get = methods["GET /pets/{id}"]
    assert get.integration == LambdaIntegration(function="Fun", timeout=5.0)
    assert get.api_key_required
    assert get.authorizer is not None
    assert (get.authorizer.kind, get.authorizer.ttl) == (RestAuthorizerKind.TOKEN, 60)
    assert methods["OPTIONS /"].integration == MockIntegration(
        status=204,
        headers=(("Access-Control-Allow-Origin", "*"), ("Content-Type", "application/json")),
    )
    (stage,) = api.stages
    assert [key.value for key in stage.api_keys] == ["a-key-of-more-than-20"]
    assert warnings == []


def test_a_deployment_may_describe_its_stage(project: Project) -> None:
    i = PLAIN.index("  Dev:")
    j = PLAIN.index("  Key:")
    described = "StageName: live, StageDescription: {Variables: {colour: blue}}"
    template = PLAIN[:i] + PLAIN[j : PLAIN.index("  Plan:")]
    template = template.replace(
        "{RestApiId: !Ref Api}\n", f"{{RestApiId: !Ref Api, {described}}}\n"
    )
    (stage,) = read(project, template)[0].stages
    assert (stage.name, stage.variables) == ("live", {"colour": "blue"})


def test_an_api_without_a_stage_is_a_warning(project: Project) -> None:
    i, j = PLAIN.index("  Dev:"), PLAIN.index("  Key:")
    _, warnings = read(project, PLAIN[:i] + PLAIN[j : PLAIN.index("  Plan:")])
    assert "Api: the API has no stage, so no client can reach it" in warnings


@pytest.mark.parametrize(
    ("written", "instead", "warning", "cause"),
    [
        ("Type: MOCK", "Type: HTTP", "integration HTTP is not served", "HTTP"),
        ("Type: MOCK", "Type: AWS", "the integration AWS is not served", "AWS"),
        (
            "{ statusCode: 200 }",
            "#set($a = 1){ statusCode: 200 }",
            "mapping templates are not served",
            "mapping templates",
        ),
        ("\"'*'\"", "method.request.header.Origin", "mapping templates are not", "mapping"),
    ],
)
def test_an_integration_that_is_not_served_is_a_warning(
    project: Project, written: str, instead: str, warning: str, cause: str
) -> None:
    assert written in PLAIN
    api, (text,) = read(project, PLAIN.replace(written, instead))
    assert "Root: Integration" in text
    assert warning in text
    integration = by_key(api)["OPTIONS /"].integration
    assert isinstance(integration, UnservedIntegration)
    assert cause in integration.cause


@pytest.mark.parametrize(
    ("written", "instead", "warning"),
    [
        ("{Name: x}", "{Name: x, Policy: {Statement: []}}", "resource policies are not evaluated"),
    ],
)
def test_what_has_no_effect_is_a_warning(
    project: Project, written: str, instead: str, warning: str
) -> None:
    _, (text,) = read(project, PLAIN.replace(written, instead, 1))
    assert warning in text


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("ResourceId: !Ref Pet", "ResourceId: x", "Get: ResourceId: x is not a resource of this"),
        ("ParentId: !Ref Pets", "ParentId: x", "Pet: ParentId: is neither the root nor a resource"),
        ("AuthorizerId: !Ref Auth", "AuthorizerId: x", "AuthorizerId: x is not an authorizer"),
        ("AuthorizationType: CUSTOM", "AuthorizationType: JWT", "JWT is not allowed"),
        (
            "HttpMethod: OPTIONS",
            "HttpMethod: OPTIONS\n  Dog:\n    Type: AWS::ApiGateway::Resource\n    Properties: "
            "{RestApiId: !Ref Api, ParentId: !Ref Pets, PathPart: '{dog}'}\n  More:\n    Type: "
            "AWS::ApiGateway::Method\n    Properties:\n      RestApiId: !Ref Api\n      "
            "ResourceId: !Ref Dog\n      HttpMethod: PUT",
            "/pets/{dog} and /pets/{id} differ in the name of a variable alone",
        ),
        ('PathPart: "{id}"', 'PathPart: "{id+}x"', "{id+}x is not a variable of a path"),
        ("PathPart: pets", 'PathPart: "{a+}"', "{a+} is not a variable of a path"),
        ("TimeoutInMillis: 5000", "TimeoutInMillis: 300001", "not between 50 and 300000"),
        ("DeploymentId: !Ref Deployment", "DeploymentId: x", "x is not a deployment of this API"),
        ("StageName: dev", "StageName: d.v", "d.v is not a stage name of a REST API"),
        (
            "IdentitySource: method.request.header.X-T",
            "IdentitySource: $request.header.X",
            "$request.header.X is not an identity source of a REST API",
        ),
        (
            "AuthorizerResultTtlInSeconds: 60",
            "AuthorizerResultTtlInSeconds: 3601",
            "expected a whole number from 0 to 3600",
        ),
        (
            "AuthorizerResultTtlInSeconds: 60",
            "IdentityValidationExpression: '['",
            "is not a regular expression",
        ),
        ("RestApiId: !Ref Api, ParentId", "RestApiId: x, ParentId", "x is not a REST API of this"),
        ("{Name: x}", "{Name: x, BodyS3Location: {Bucket: x}}", "the definition is in S3"),
        ("Type: AWS_PROXY", "Type: AWS_PROXI", "AWS_PROXI is not allowed; did you mean AWS_PROXY?"),
    ],
)
def test_mistakes(project: Project, written: str, instead: str, message: str) -> None:
    assert written in PLAIN
    with pytest.raises(TemplateError) as raised:
        read(project, PLAIN.replace(written, instead))
    assert message in str(raised.value)


OPENAPI: dict[str, Any] = {
    "openapi": "3.0.1",
    "paths": {
        "/a": {
            "x-amazon-apigateway-any-method": {
                "security": [{"auth": []}, {"api_key": []}],
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy",
                    "uri": {"Fn::GetAtt": ["Fun", "Arn"]},
                },
            }
        }
    },
    "components": {
        "securitySchemes": {
            "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            "auth": {
                "type": "apiKey",
                "name": "X-Token",
                "in": "header",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": {
                    "type": "token",
                    "authorizerUri": {"Fn::GetAtt": ["Fun", "Arn"]},
                },
            },
        }
    },
    "x-amazon-apigateway-binary-media-types": ["*/*"],
    "x-amazon-apigateway-api-key-source": "AUTHORIZER",
    "x-amazon-apigateway-gateway-responses": {
        "UNAUTHORIZED": {
            "statusCode": 404,
            "responseTemplates": {"application/json": "$util.x"},
            "responseParameters": {"gatewayresponse.header.X": "stageVariables.x"},
        }
    },
}


def test_a_document_of_openapi_3(project: Project) -> None:
    resources = {
        "Fun": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Code": "code", "Handler": "app.handler", "Runtime": "python3.13"},
        },
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": OPENAPI}},
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "Stage"},
        },
    }
    api, warnings = read(project, json.dumps({"Resources": resources}))
    (method,) = api.methods
    assert (method.http_method, method.api_key_required) == ("ANY", True)
    assert method.authorizer is not None
    assert method.authorizer.identity_sources == ("method.request.header.X-Token",)
    assert api.binary_media_types == ("*/*",)
    assert api.api_key_source is ApiKeySource.AUTHORIZER
    assert api.gateway_responses == {"UNAUTHORIZED": GatewayResponse(status=404)}
    assert [stage.name for stage in api.stages] == ["Stage"]
    assert len(warnings) == 3


SERVERLESS_FRAMEWORK = (
    '#set($origin = $input.params("Origin"))\n'
    '#if($origin == "") #set($origin = $input.params("origin")) #end\n'
    '#if($origin.matches("https://a[.]example") || $origin.matches("https://b[.]example")) '
    "#set($context.responseOverride.header.Access-Control-Allow-Origin = $origin) #end"
)
CDK = (
    '#set($origin = $input.params().header.get("Origin"))\n'
    '#if($origin == "")\n  #set($origin = $input.params().header.get("origin"))\n#end\n'
    '#if($origin.matches("https://a[.]example") || $origin.matches("https://b[.]example"))\n'
    "  #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)\n#end"
)


def preflight(project: Project, template: str) -> Any:
    responses = json.dumps({"application/json": template})
    written = '- StatusCode: "204"\n'
    more = f"{written}            ResponseTemplates: {responses}\n"
    api, _ = read(project, PLAIN.replace(written, more))
    return by_key(api)["OPTIONS /"].integration


@pytest.mark.parametrize("template", [SERVERLESS_FRAMEWORK, CDK])
def test_cors_for_several_origins(project: Project, template: str) -> None:
    integration = preflight(project, template)
    assert isinstance(integration, MockIntegration)
    assert integration.origins == ("https://a[.]example", "https://b[.]example")
    assert integration.body == ""


@pytest.mark.parametrize(
    "template",
    [SERVERLESS_FRAMEWORK + "#set($x = 1)", SERVERLESS_FRAMEWORK.replace("a[.]", "a["), "$x"],
)
def test_other_templates_of_a_mock_are_not_served(project: Project, template: str) -> None:
    assert isinstance(preflight(project, template), UnservedIntegration)


def test_a_document_may_be_a_file_of_its_own(project: Project) -> None:
    project.write("api.json", json.dumps(OPENAPI))
    template = HEAD.replace("      Events:\n", "") + (
        "  Api: {Type: AWS::Serverless::Api, Properties: {StageName: v1, "
        "DefinitionUri: api.json}}\n"
    )
    api, _ = read(project, template)
    assert [method.resource for method in api.methods] == ["/a"]
    assert [stage.name for stage in api.stages] == ["v1"]
