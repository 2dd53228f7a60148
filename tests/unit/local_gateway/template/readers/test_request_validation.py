"""Request validators, as SAM writes them and on plain CloudFormation."""

import pytest

from local_gateway.core.model import RequestValidation
from local_gateway.template.document.errors import TemplateError
from tests.unit.local_gateway.template.project import Project

SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      Models:
        Pet:
          type: object
          required: [name]
          properties: {name: {$ref: "#/definitions/Name"}}
        Name: {type: string}
  Fun:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.13
      CodeUri: code
      Events:
        Add:
          Type: Api
          Properties:
            RestApiId: !Ref Api
            Path: /pets/{id}
            Method: post
            RequestModel: {Model: Pet, Required: true, ValidateBody: true, ValidateParameters: true}
            RequestParameters:
              - method.request.querystring.q: {Required: true}
              - method.request.header.X-A
"""
PLAIN = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties: {Code: code, Handler: app.handler, Runtime: python3.13}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: x}}
  Pet:
    Type: AWS::ApiGateway::Model
    Properties: {RestApiId: !Ref Api, Name: Pet, Schema: {type: object, required: [name]}}
  Strict:
    Type: AWS::ApiGateway::RequestValidator
    Properties: {RestApiId: !Ref Api, ValidateRequestBody: true, ValidateRequestParameters: true}
  Add:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: POST
      RequestValidatorId: !Ref Strict
      RequestModels: {application/json: !Ref Pet}
      RequestParameters: {method.request.querystring.q: true, method.request.header.X-A: false}
      Integration: {Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !GetAtt Fun.Arn}
  Deployment:
    Type: AWS::ApiGateway::Deployment
    Properties: {RestApiId: !Ref Api, StageName: dev}
"""


def read(project: Project, template: str) -> RequestValidation | None:
    project.write("code/app.py", "def handler(event, context):\n    return None\n")
    (api,) = project.build(template).rest_apis
    (method,) = (item for item in api.methods if item.http_method == "POST")
    return method.validation


def test_what_sam_validates(project: Project) -> None:
    validation = read(project, SAM)
    assert validation is not None
    assert "method.request.querystring.q" in validation.parameters
    assert "method.request.header.X-A" not in validation.parameters
    model = validation.models["application/json"]
    assert model["$ref"] == "#/definitions/pet"
    assert model["definitions"]["pet"]["required"] == ["name"]


def test_what_a_method_validates(project: Project) -> None:
    validation = read(project, PLAIN)
    assert validation == RequestValidation(
        parameters=("method.request.querystring.q",),
        models={"application/json": {"type": "object", "required": ["name"]}},
    )


@pytest.mark.parametrize("off", ["ValidateRequestBody", "ValidateRequestParameters"])
def test_a_validator_may_look_at_one_thing_alone(project: Project, off: str) -> None:
    validation = read(project, PLAIN.replace(f"{off}: true", f"{off}: false"))
    assert validation is not None
    assert bool(validation.models) == (off != "ValidateRequestBody")
    assert bool(validation.parameters) == (off != "ValidateRequestParameters")


def test_without_a_validator_nothing_is_looked_at(project: Project) -> None:
    assert read(project, PLAIN.replace("      RequestValidatorId: !Ref Strict\n", "")) is None


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ("!Ref Strict", "x", "x is not a validator of this API"),
        ("!Ref Pet", "Dog", "there is no model named Dog"),
        ("type: object", "type: objekt", "is not a JSON schema: $.type"),
        ("{type: object, required: [name]}", "'{'", "is not JSON"),
        ("{type: object, required: [name]}", "5", "expected a JSON schema"),
    ],
)
def test_mistakes(project: Project, written: str, instead: str, message: str) -> None:
    assert written in PLAIN
    with pytest.raises(TemplateError) as raised:
        read(project, PLAIN.replace(written, instead))
    assert message in str(raised.value)
