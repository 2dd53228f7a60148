"""A template file becomes a `Template`, or one clear line."""

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


def test_conditions_remove_resources_and_outputs(project: Project) -> None:
    text = """\
Parameters:
  Stage: {Type: String, Default: dev}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
Resources:
  Always: {Type: AWS::SQS::Queue}
  Sometimes: {Type: AWS::SQS::Queue, Condition: Prod}
Outputs:
  Url: {Condition: Prod, Value: !Ref Sometimes}
"""
    dev = project.load(text)
    prod = project.load(text, {"Stage": "prod"})
    assert (list(dev.resources), list(dev.outputs)) == (["Always"], [])
    assert (list(prod.resources), list(prod.outputs)) == (["Always", "Sometimes"], ["Url"])


def test_refused_type_behind_a_false_condition_does_no_harm(project: Project) -> None:
    template = project.load("""\
Conditions: {Never: !Equals [a, b]}
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Rest: {Type: AWS::ApiGateway::RestApi, Condition: Never}
""")
    assert list(template.resources) == ["Queue"]


RESOURCE_MISTAKES = [
    (
        "Resorces: {}",
        "1: Resorces: unknown section; did you mean Resources?",
    ),
    (
        "Resources: {Q: {Type: AWS::SQS::Queue, Propertes: {}}}",
        "1: Q: unknown resource attribute Propertes; did you mean Properties?",
    ),
    (
        "Parameters: text\nResources: {Q: {Type: AWS::SQS::Queue}}",
        "1: Parameters: is not an object",
    ),
    (
        "Resources:\n  Q: {Properties: {}}",
        "2: Q: has no Type; for example Type: AWS::Serverless::Function",
    ),
    (
        "Resources:\n  T: {Type: AWS::SNS::Topic, Properties: {TopicNames: x}}",
        "2: T: TopicNames: unknown property; did you mean TopicName?",
    ),
    (
        "Resources:\n  Q: text",
        "2: Q: is not an object; this may be an indentation mistake",
    ),
    (
        "Resources:\n  T:\n    Type: AWS::DynamoDB::Table\n    Properties:\n      BilingMode: X",
        "5: T: BilingMode: unknown property; did you mean BillingMode?",
    ),
    (
        "Resources:\n  Q: {Type: AWS::SQS::Que}",
        "2: Q: there is no type AWS::SQS::Que; did you mean AWS::SQS::Queue?",
    ),
    (
        "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n"
        "      QueueName: !Sub '${Qeue}-x'\n  Queue: {Type: AWS::SQS::Queue}",
        "5: Q: QueueName: Qeue refers to no resource or parameter of the template; "
        "did you mean Queue?",
    ),
    (
        "Resources:\n  Q: {Type: AWS::SQS::Queue, Condition: Prod}",
        "2: Q: there is no condition Prod; declare it under Conditions",
    ),
    (
        "Resources:\n  Q: {Type: AWS::Serverless::SimpleTable}",
        "2: Q: AWS::Serverless::SimpleTable needs the SAM transform; "
        "add Transform: AWS::Serverless-2016-10-31",
    ),
    (
        "Resources:\n  Q: {Type: AWS::SQS::Queue}\nOutputs:\n  Url: {Vale: 1}",
        "4: Outputs.Url: the output has no Value",
    ),
]


@pytest.mark.parametrize(("template", "message"), RESOURCE_MISTAKES)
def test_mistakes(project: Project, template: str, message: str) -> None:
    assert failure(project, template) == message


NOT_SERVED = [
    ("AWS::Lambda::FunctionThatIsNew", "the type AWS::Lambda::FunctionThatIsNew is not served"),
    ("AWS::RDS::DBInstance", "the type AWS::RDS::DBInstance is not served"),
    ("Vendor::Service::Thing", "the type Vendor::Service::Thing is not served"),
    (
        "Custom::Seed",
        "Custom::Seed: custom resources are not run; do with --on-ready what yours does",
    ),
]


@pytest.mark.parametrize(("kind", "cause"), NOT_SERVED)
def test_what_is_not_served_is_left_out(project: Project, kind: str, cause: str) -> None:
    template = project.load(f"Resources:\n  R: {{Type: {kind}}}\n  Q: {{Type: AWS::SQS::Queue}}")
    file = f"{project.root}/template.yaml"
    assert [str(error) for error in template.not_served] == [
        f"{file}:2: R: {cause}; it is left out"
    ]
    assert [item.logical_id for item in template.served] == ["Q"]


def test_what_has_no_effect_on_a_laptop_is_accepted(project: Project) -> None:
    template = project.load("""\
Resources:
  Q: {Type: AWS::SQS::Queue, Description: of orders}
  Scaling: {Type: AWS::ApplicationAutoScaling::ScalableTarget}
""")
    assert template.warnings == (
        "left out, because they have no effect here: "
        "Scaling (AWS::ApplicationAutoScaling::ScalableTarget)",
    )


def test_code_of_the_cdk_is_the_directory_that_its_metadata_names(project: Project) -> None:
    template = project.load("""\
Resources:
  F:
    Type: AWS::Lambda::Function
    Metadata: {"aws:asset:path": asset.abc, "aws:asset:property": Code}
    Properties: {Code: {S3Bucket: cdk-bucket, S3Key: abc.zip}, Handler: a.b, Runtime: python3.13}
""")
    assert template.resources["F"].properties["Code"] == "asset.abc"


def test_nested_stack_of_the_cdk_is_the_file_that_its_metadata_names(project: Project) -> None:
    project.write(
        "Store.nested.template.json", '{"Resources": {"Table": {"Type": "AWS::SQS::Queue"}}}'
    )
    template = project.load("""\
Resources:
  Store:
    Type: AWS::CloudFormation::Stack
    Metadata: {"aws:asset:path": Store.nested.template.json, "aws:asset:property": TemplateURL}
    Properties: {TemplateURL: !Sub "https://s3.${AWS::Region}.amazonaws.com/cdk-assets/abc.json"}
""")
    assert list(template.resources) == ["Store/Table"]


def test_warnings(project: Project) -> None:
    template = project.load(
        SAM
        + """\
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: {FunctionArn: "arn:x"}
        connect: {FunctionArn: "arn:x"}
        sendMessage: {FunctionArn: "arn:x"}
        sendmessage: {FunctionArn: "arn:x"}
  Domain: {Type: AWS::ApiGatewayV2::DomainName}
"""
    )
    file = f"{project.root}/template.yaml"
    assert template.warnings == (
        f"{file}:9: Api: Routes.connect: SAM drops the route $connect: it gives connect the same "
        "id",
        f"{file}:11: Api: Routes.sendmessage: SAM drops the route sendMessage: it gives "
        "sendmessage the same id",
        "left out, because they have no effect here: Domain (AWS::ApiGatewayV2::DomainName)",
    )
