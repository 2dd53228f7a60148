"""Functions that something else runs: any runtime, and their code is not looked at."""

from local_gateway.core.model import LambdaFunction
from local_gateway.template.application import LoadedApplication, build_application
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Node:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: node
      Handler: index.handler
      Runtime: nodejs22.x
      Timeout: 7
      ReservedConcurrentExecutions: 2
      Layers: [!Ref Layer]
  Missing:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: not/built, Handler: bootstrap, Runtime: provided.al2023}
  Bucket:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: s3://code/a.zip, Handler: a.handler, Runtime: java21}
  Image:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: "image:latest"}
  Python:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: python, Handler: missing.handler, Runtime: python3.12}
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: not/built/either, CompatibleRuntimes: [nodejs22.x]}
"""


def read(project: Project) -> LoadedApplication:
    project.write("node/index.mjs", "export const handler = async () => ({})\n")
    loaded = project.load(TEMPLATE)
    return build_application(loaded, ResourceValues(), remote_functions=True)


def functions(project: Project) -> dict[str, LambdaFunction]:
    return dict(read(project).application.functions)


def test_every_function_is_read_without_its_code(project: Project) -> None:
    found = functions(project)
    assert {name: function.runtime for name, function in found.items()} == {
        "Node": "nodejs22.x",
        "Missing": "provided.al2023",
        "Bucket": "java21",
        "Image": "",
        "Python": "python3.12",
    }
    node = found["Node"]
    assert (node.timeout, node.reserved_concurrency) == (7.0, 2)
    assert node.arn == "arn:aws:lambda:us-east-1:123456789012:function:local-Node"


def test_code_is_the_directory_if_there_is_one_else_the_template(project: Project) -> None:
    found = functions(project)
    template = (project.root / "template.yaml").resolve()
    assert found["Node"].code == (project.root / "node").resolve()
    assert {found[name].code for name in ("Missing", "Bucket", "Image")} == {template}


def test_nothing_is_said_of_interpreters_and_layers(project: Project) -> None:
    assert read(project).warnings == ()
