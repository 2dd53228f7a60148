"""Numbers, names and choices that the services refuse at deployment."""

import pytest

from local_gateway.template.document.errors import TemplateError
from local_gateway.template.readers.service_limits import event_pattern_problem
from tests.unit.local_gateway.template.project import Project
from tests.unit.local_gateway.template.sources_project import failure

FUNCTION = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties: {Code: code, Handler: app.handler, Runtime: python3.13, MORE}
  Alias:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Fun, FunctionVersion: "1", Name: ALIAS}
"""


def template(more: str = "Timeout: 3", alias: str = "live") -> str:
    return FUNCTION.replace("MORE", more).replace("ALIAS", alias)


@pytest.mark.parametrize(
    "more",
    [
        "Timeout: 900",
        "Timeout: 1",
        "MemorySize: 128",
        'MemorySize: "10240"',
        "EphemeralStorage: {Size: 512}",
        "Architectures: [arm64]",
        "FunctionName: a-b_C1",
        "Environment: {Variables: {X_1: a}}",
    ],
)
def test_what_is_inside_the_limits(project: Project, more: str) -> None:
    project.build(template(more))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("Timeout: 901", "Timeout: expected a whole number from 1 to 900, found 901"),
        ("Timeout: 0", "Timeout: expected a whole number from 1 to 900, found 0"),
        ("Timeout: 1.5", "Timeout: expected a whole number, found 1.5"),
        ("MemorySize: 64", "MemorySize: expected a whole number from 128 to 10240, found 64"),
        (
            "EphemeralStorage: {Size: 100}",
            "EphemeralStorage.Size: expected a whole number from 512",
        ),
        ("Architectures: [arm64, x86_64]", "Architectures: 2 are given, AWS allows 1"),
        ("FunctionName: a b", "FunctionName: 'a b' is refused by AWS; expected up to 64 of"),
        ("FunctionName: " + "a" * 65, "is refused by AWS; expected up to 64 of"),
        ("ReservedConcurrentExecutions: -1", "ReservedConcurrentExecutions: expected a whole"),
        ("TracingConfig: {Mode: On}", "TracingConfig.Mode: true is not allowed"),
        ("SnapStart: {ApplyOn: All}", "SnapStart.ApplyOn: All is not allowed"),
        (
            "Environment: {Variables: {AWS_REGION: x}}",
            "Environment.Variables.AWS_REGION: AWS refuses the variable: Lambda sets it itself",
        ),
        (
            "Environment: {Variables: {a-b: x}}",
            "Environment.Variables.a-b: AWS refuses the variable: its name",
        ),
        (
            "Environment: {Variables: {A: " + "x" * 4096 + "}}",
            "Environment.Variables: the variables have 4097 bytes, AWS allows 4096",
        ),
    ],
)
def test_what_lambda_refuses(project: Project, more: str, message: str) -> None:
    with pytest.raises(TemplateError) as raised:
        project.build(template(more))
    assert str(raised.value).startswith(f"{project.root}/template.yaml:4: Fun: ")
    assert message in str(raised.value)


@pytest.mark.parametrize("alias", ["'12'", "a.b", "$LATEST"])
def test_alias_that_lambda_refuses(project: Project, alias: str) -> None:
    with pytest.raises(TemplateError, match=r"Alias: Name: .* is refused by AWS"):
        project.build(template(alias=alias))


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["shop"]},
        {"detail": {"amount": [{"numeric": [">", 5]}], "name": ["a", None, 1, True]}},
        {"$or": [{"a": ["b"]}, {"c": [{"exists": False}]}]},
        {"a": [{"anything-but": {"prefix": "x"}}]},
    ],
)
def test_patterns_that_eventbridge_accepts(pattern: dict[str, object]) -> None:
    assert event_pattern_problem(pattern) is None


MAPPING = """\
  {name}:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {{FunctionName: !Ref F, EventSourceArn: !GetAtt Q.Arn}}
"""


def test_a_queue_is_mapped_to_a_function_once(project: Project) -> None:
    text = failure(project, resources=MAPPING.format(name="A") + MAPPING.format(name="B"))
    assert text.endswith("B: AWS refuses it: A maps the source to the function, too")
