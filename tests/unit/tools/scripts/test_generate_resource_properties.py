"""The property lists of the local gateway, from schemas as cfn-lint has them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.scripts.generate_resource_properties import CfnLint, generate


@pytest.fixture
def cfn_lint(tmp_path: Path) -> CfnLint:
    schemas = tmp_path / "cfnlint/data/schemas"
    files: dict[str, dict[str, Any]] = {
        "providers/us-east-1.json": {"AWS::Test::Queue": "abc", "AWS::Test::Unused": "def"},
        "resources/abc.json": {
            "properties": {"Name": {}, "Arn": {}, "Policy": {"$ref": "#/definitions/Policy"}},
            "readOnlyProperties": ["/properties/Arn", "/properties/Policy/Name"],
            "definitions": {
                "Policy": {"type": "object", "properties": {"Target": {}, "Count": {}}},
                "Number": {"type": "integer"},
            },
        },
        "other/template/configuration.json": {"properties": {"Resources": {}, "Outputs": {}}},
        "other/resources/configuration.json": {
            "definitions": {"ResourceConfiguration": {"properties": {"Type": {}, "DependsOn": {}}}}
        },
    }
    for name, content in files.items():
        file = schemas / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    (tmp_path / "cfn_lint-1.2.3.dist-info").mkdir()
    return CfnLint(tmp_path)


def test_what_only_aws_sets_is_left_out_and_property_types_have_entries(cfn_lint: CfnLint) -> None:
    assert json.loads(generate(cfn_lint, ["AWS::Test::Queue"]))["properties"] == {
        "AWS::Test::Queue": "Name Policy",
        "AWS::Test::Queue.Policy": "Count Target",
    }


def test_sections_and_resource_attributes_are_listed_with_the_version(cfn_lint: CfnLint) -> None:
    document = json.loads(generate(cfn_lint, []))
    assert document["generated_from"] == "cfn_lint-1.2.3"
    assert document["template_sections"] == "Hooks Outputs Resources"
    assert document["resource_attributes"] == "DependsOn Type"


def test_a_type_without_a_schema_is_an_error(cfn_lint: CfnLint) -> None:
    with pytest.raises(KeyError, match="AWS::Test::Topic"):
        generate(cfn_lint, ["AWS::Test::Topic"])
