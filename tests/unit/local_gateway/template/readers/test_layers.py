"""Layers: read, or refused with one clear line."""

import sys

import pytest

from local_gateway.core.model import Layer
from local_gateway.template.application import build_application
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import HANDLER, Project

BASE = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties:
      Code: code
      Handler: {handler}
      Runtime: python3.13
      {more}
"""


def function(handler: str = "app.handler", more: str = "Timeout: 3") -> str:
    return BASE.format(handler=handler, more=more)


def failure(project: Project, template: str) -> str:
    with pytest.raises(TemplateError) as raised:
        project.build(template)
    text = str(raised.value)
    assert "\n" not in text
    return text.replace(f"{project.root}/", "")


LAYERED = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Lay:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: python3.13}
    Properties: {ContentUri: layer}
  Fun:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code, Handler: app.handler, Runtime: python3.13, Layers: [!Ref Lay]}
"""


def test_unbuilt_layer(project: Project) -> None:
    project.write("layer/shop.py", "price = 1\n")
    project.write("code/app.py", "from shop import price\n" + HANDLER)
    [layer] = project.build(LAYERED).functions["Fun"].layers
    assert layer.logical_id == "Lay"
    assert layer.path == project.root / "layer"
    assert layer.source_roots == (project.root / "layer",)


@pytest.mark.parametrize(
    ("method", "file", "mount"),
    [
        ("python3.13", "shop.py", "/opt/python"),
        ("python3.13", "python/shop.py", "/opt"),
        ("nodejs20.x", "package.json", "/opt/nodejs"),
        ("nodejs20.x", "nodejs/package.json", "/opt"),
        ("makefile", "Makefile", "/opt"),
    ],
)
def test_where_the_content_is_on_lambda(
    project: Project, method: str, file: str, mount: str
) -> None:
    project.write(f"layer/{file}")
    template = LAYERED.replace("BuildMethod: python3.13", f"BuildMethod: {method}")
    [layer] = project.build(template).functions["Fun"].layers
    assert layer.mount == mount


def test_layers_of_remote_functions_are_read_where_they_are_directories(project: Project) -> None:
    def layers() -> tuple[Layer, ...]:
        application = build_application(
            project.load(LAYERED), ResourceValues(), remote_functions=True
        ).application
        return application.functions["Fun"].layers

    assert layers() == ()
    project.write("layer/shop.py")
    [layer] = layers()
    assert layer.path == project.root / "layer"


def test_built_layer(project: Project) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = project.root / f"layer/python/lib/{version}/site-packages"
    project.write(f"layer/python/lib/{version}/site-packages/other.py", "x = 1\n")
    project.write("layer/python/shop.py", "price = 1\n")
    project.write("code/app.py", "import other, shop\n" + HANDLER)
    [layer] = project.build(LAYERED).functions["Fun"].layers
    assert layer.source_roots == (project.root / "layer/python", packages)


def test_layer_that_nobody_builds_has_no_modules(project: Project) -> None:
    project.write("layer/shop.py", "price = 1\n")
    template = LAYERED.replace("Metadata: {BuildMethod: python3.13}", "Metadata: {}")
    [layer] = project.build(template).functions["Fun"].layers
    assert layer.source_roots == ()


def test_missing_layer_directory(project: Project) -> None:
    assert failure(project, LAYERED) == (
        "template.yaml:6: Lay: ContentUri: there is no directory layer"
    )


def test_layer_of_another_account_is_a_warning(project: Project) -> None:
    arn = "arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313:7"
    read = project.read(function(more=f"Layers: ['{arn}']"))
    assert read.application.functions["Fun"].layers == ()
    assert read.warnings == (
        f"{project.root}/template.yaml:8: Fun: Layers: the layer {arn} is not in this template; "
        "what it holds must be installed in the environment the gateway runs in",
    )


def test_other_python_version_is_a_warning(project: Project) -> None:
    [warning] = project.read(function().replace("python3.13", "python3.9")).warnings
    running = f"python{sys.version_info.major}.{sys.version_info.minor}"
    assert warning == f"Fun: python3.9 runs on {running} here"
