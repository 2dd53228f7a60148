"""SAM becomes CloudFormation, with local paths, or one clear line."""

import pytest

from local_gateway.template.document.errors import TemplateError
from tests.unit.local_gateway.template.project import Project

SAM = "Transform: AWS::Serverless-2016-10-31\n"


def failure(project: Project, template: str, **overrides: str) -> str:
    with pytest.raises(TemplateError) as raised:
        project.load(template, overrides)
    text = str(raised.value)
    assert text.startswith(f"{project.root}/template.yaml:")
    assert "\n" not in text
    return text.removeprefix(f"{project.root}/template.yaml:")


def test_sam_becomes_cloudformation_with_local_paths(project: Project) -> None:
    template = project.load(
        SAM
        + """\
Globals:
  Function: {Runtime: python3.13, CodeUri: code/, Handler: app.handler}
Parameters:
  Folder: {Type: String, Default: code}
Resources:
  One: {Type: AWS::Serverless::Function}
  Two: {Type: AWS::Serverless::Function, Properties: {CodeUri: !Sub "./${Folder}"}}
  Layer:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: python3.13}
    Properties: {ContentUri: layer}
  Remote: {Type: AWS::Serverless::Function, Properties: {CodeUri: "s3://bucket/key"}}
"""
    )
    codes = {item.logical_id: item for item in template.of_type("AWS::Lambda::Function")}
    assert codes["One"].properties["Code"] == f"{project.root}/code"
    assert codes["Two"].properties["Code"] == f"{project.root}/code"
    assert codes["Remote"].properties["Code"] == {"S3Bucket": "bucket", "S3Key": "key"}
    [layer] = template.of_type("AWS::Lambda::LayerVersion")
    assert layer.properties["Content"] == f"{project.root}/layer"
    assert layer.metadata == {"BuildMethod": "python3.13"}
    assert template.source.origin(layer.logical_id) == "Layer"


def test_code_uri_defaults_to_the_templates_directory(project: Project) -> None:
    template = project.load(
        SAM
        + """\
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: code.app.handler}
"""
    )
    [function] = template.of_type("AWS::Lambda::Function")
    assert function.properties["Code"] == str(project.root)


SAM_MISTAKES = [
    (
        "Runtime: python3.13\n      Handler: app.handler\n      CodeUri: code\n      Timout: 3",
        "9: F: Timout: property Timout not defined for resource of type AWS::Serverless::Function",
    ),
    (
        "Handler: app.handler\n      CodeUri: code\n      Runtime: !Ref Missing",
        "8: F: Runtime: Missing refers to no resource or parameter of the template",
    ),
]


@pytest.mark.parametrize(("properties", "message"), SAM_MISTAKES)
def test_mistakes_that_sam_finds(project: Project, properties: str, message: str) -> None:
    text = f"{SAM}Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n"
    assert failure(project, f"{text}      {properties}\n") == message


def test_unknown_global_property_and_a_reference_that_sam_repeats(project: Project) -> None:
    text = f"{SAM}Globals:\n  Function:\n    Timout: 3\nResources: {{Q: {{Type: AWS::SQS::Queue}}}}"
    assert failure(project, text) == (
        "4: Globals.Function.Timout: unknown property; did you mean Timeout?"
    )
    text = f"""{SAM}Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes:
        go: {{FunctionArn: !GetAtt Nothing.Arn}}
"""
    assert failure(project, text) == (
        "8: Api: Routes.go.FunctionArn: Nothing.Arn refers to no resource or parameter of the "
        "template"
    )


def test_wrong_authorization_type_of_a_websocket_api(project: Project) -> None:
    message = failure(
        project,
        SAM
        + """\
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Auth: {AuthType: CUSTM, AuthArn: "arn:x"}
      Routes:
        $connect: {FunctionArn: "arn:x"}
""",
    )
    assert (
        message == "7: Api: Auth.AuthType: AuthType 'CUSTM' is not one of AWS_IAM, CUSTOM or NONE"
    )


def test_translation_needs_no_region_profile_or_credentials(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "of-another-machine")
    template = project.load(SAM + "Resources:\n  T: {Type: AWS::Serverless::SimpleTable}\n")
    assert list(template.resources) == ["T"]
