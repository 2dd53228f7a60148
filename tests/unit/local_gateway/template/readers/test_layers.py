"""Layers and requirements: found, or missed with one clear line."""

import sys

import pytest

from local_gateway.template.document.errors import TemplateError
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


def test_built_layer(project: Project) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = project.root / f"layer/python/lib/{version}/site-packages"
    project.write(f"layer/python/lib/{version}/site-packages/other.py", "x = 1\n")
    project.write("layer/python/shop.py", "price = 1\n")
    # What pip installed is not read, so its own missing imports are not ours to judge.
    project.write("layer/python/thing-1.0.dist-info/METADATA", "Name: thing\nVersion: 1.0\n")
    project.write("layer/python/thing/__init__.py", "import nowhere_to_be_found\n")
    project.write("layer/requirements.txt", "thing==2.0\n")
    project.write("code/app.py", "import other, shop, thing\n" + HANDLER)
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
    assert warning == f"Fun: python3.9 is run by {running} here"


@pytest.mark.parametrize(
    ("requirements", "cause"),
    [
        ("nowhere-to-be-found>=1\n", "needs nowhere-to-be-found, which is not installed"),
        ("PyYAML==0.1 \\\n    --hash=sha256:abc\n", "needs PyYAML 0.1, installed is "),
        ("boto3 [crt] == 0.1  # why\n", "needs boto3 0.1, installed is "),
    ],
)
def test_requirements_that_are_not_installed(
    project: Project, requirements: str, cause: str
) -> None:
    project.write("layer/requirements.txt", requirements)
    text = failure(project, LAYERED)
    assert text.startswith(f"template.yaml:6: Lay: ContentUri: layer/requirements.txt {cause}")
    assert text.endswith(
        "; install it into the environment the gateway runs in, or run on the built template"
    )
    project.write("code/requirements.txt", requirements)
    assert failure(project, function()).startswith(
        f"template.yaml:4: Fun: CodeUri: code/requirements.txt {cause}"
    )


def test_requirements_that_are_installed_or_not_checked(project: Project) -> None:
    project.write(
        "code/requirements.txt",
        """\
        # nothing to see
        -r other.txt
        --extra-index-url https://packages.example
        boto3
        pyyaml>=5,<7
        beside==1.0
        nowhere; sys_platform == "win32"
        nowhere @ https://packages.example/nowhere.whl
        """,
    )
    project.write("code/beside-1.0.dist-info/METADATA", "Name: beside\nVersion: 1.0\n")
    assert list(project.build(function()).functions) == ["Fun"]
