"""`{{resolve:…}}` is replaced, or stops the start with a remedy."""

import re
from pathlib import Path

import pytest

from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.source import Json
from local_gateway.template.intrinsics.dynamic_references import DynamicReferences, StoredValue
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project

PLACE = Place(file=Path("t.yaml"), line=3, resource="Fun", property="X")
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
GIVEN = {
    "ssm:/my/param": "hello",
    "ssm:plain": "5",
    "secretsmanager:db": '{"password": "x:y", "port": 5432, "deep": {}}',
    f"secretsmanager:{ARN}": '{"password": "z"}',
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{resolve:ssm:/my/param}}", "hello"),
        ("{{resolve:ssm:/my/param:3}}", "hello"),
        ("a {{resolve:ssm:plain}} b {{resolve:ssm:/my/param}}", "a 5 b hello"),
        ("{{resolve:secretsmanager:db:SecretString:password}}", "x:y"),
        ("{{resolve:secretsmanager:db:SecretString:port}}", "5432"),
        ("{{resolve:secretsmanager:db::password}}", "x:y"),
        ("{{resolve:secretsmanager:db:SecretString:password:AWSCURRENT}}", "x:y"),
        (f"{{{{resolve:secretsmanager:{ARN}:SecretString:password}}}}", "z"),
        ("{{resolve:secretsmanager:db}}", GIVEN["secretsmanager:db"]),
        ({"a": ["{{resolve:ssm:plain}}", 1, None]}, {"a": ["5", 1, None]}),
        ("{{ not one }}", "{{ not one }}"),
    ],
)
def test_references_are_replaced_by_given_values(value: Json, expected: Json) -> None:
    assert DynamicReferences(GIVEN).replaced(value, PLACE) == expected


def test_what_is_stored_is_asked_for_with_its_version() -> None:
    asked: list[StoredValue] = []

    def look_up(stored: StoredValue) -> str:
        asked.append(stored)
        return "stored"

    references = DynamicReferences({}, look_up)
    text = "{{resolve:ssm:/a:2}} {{resolve:secretsmanager:b:SecretString::old:v1}}"
    assert references.replaced(text, PLACE) == "stored stored"
    assert asked == [
        StoredValue(service="ssm", name="/a", version="2"),
        StoredValue(service="secretsmanager", name="b", version="v1", stage="old"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{{resolve:ssm:/other}}",
            "the parameter /other of a dynamic reference does not exist here; "
            "its name is used; give its value with --resolve ssm:/other=VALUE",
        ),
        (
            "{{resolve:secretsmanager:other:SecretString:x}}",
            "the secret other of a dynamic reference does not exist here; "
            "its name is used; give its value with --resolve secretsmanager:other=VALUE",
        ),
        (
            "{{resolve:secretsmanager:db:SecretString:user}}",
            "the secret db has no member user that is a text",
        ),
        ("{{resolve:secretsmanager:db:SecretString:deep}}", "has no member deep that is a text"),
        ("{{resolve:secretsmanager:db:SecretBinary}}", "SecretBinary is not allowed"),
        ("{{resolve:ssm-secure:/x}}", "use secretsmanager, or let the function read the parameter"),
        ("{{resolve:s3:x}}", "{{resolve:s3:x}} is not a dynamic reference; expected"),
        ("{{resolve:}}", "is not a dynamic reference"),
    ],
)
def test_references_without_a_value_are_refused(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as raised:
        DynamicReferences(GIVEN).replaced(text, PLACE)
    assert str(raised.value).startswith("t.yaml:3: Fun: X: ")
    assert message in str(raised.value)


FUNCTION = """\
Parameters:
  Name: {Type: String, Default: /my/param}
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties:
      Code: code
      Handler: app.handler
      Runtime: python3.13
      Environment: {Variables: {V: !Sub "<{{resolve:ssm:${Name}}}>"}}
"""


def test_a_variable_has_the_value(project: Project) -> None:
    values = ResourceValues(dynamic=DynamicReferences(GIVEN))
    assert project.build(FUNCTION, values).functions["Fun"].environment == {"V": "<hello>"}


def test_the_name_stands_for_a_value_that_is_missing(project: Project) -> None:
    loaded = project.read(FUNCTION)
    assert loaded.application.functions["Fun"].environment == {"V": "</my/param>"}
    [warning] = loaded.warnings
    assert re.search(r"10: Fun: Environment.*--resolve ssm:/my/param=VALUE", warning)
