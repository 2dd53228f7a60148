"""No check of checkov is skipped without a reason, and none in two places."""

import re
from typing import Any

import pytest
import yaml

from tests.contract.transformed_template import PROJECT, source_template, transformed_template

CONFIGURATION = PROJECT / ".checkov.yaml"
CHECK = re.compile(r"CKV2?_AWS_\d+")


def for_the_stack() -> list[str]:
    """The checks that are skipped everywhere."""
    configuration = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    return [str(check) for check in configuration["skip-check"]]


def for_resources(template: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """The skips in the Metadata of resources, with the logical id, which they are sorted by."""
    return [
        (logical_id, skip)
        for logical_id, resource in sorted(template["Resources"].items())
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]


@pytest.mark.parametrize("check", for_the_stack())
def test_what_no_resource_is_checked_for_has_its_reason_above(check: str) -> None:
    before = CONFIGURATION.read_text(encoding="utf-8").split(f"- {check}")[0].splitlines()[:-1]
    above = next(line.strip() for line in reversed(before) if not CHECK.search(line))
    assert above.startswith("# ")


@pytest.mark.parametrize(
    ("logical_id", "skip"), for_resources(source_template()), ids=lambda value: str(value)[:40]
)
def test_a_resource_says_why_it_is_not_checked(logical_id: str, skip: dict[str, str]) -> None:
    assert skip.keys() == {"id", "comment"}
    assert CHECK.fullmatch(skip["id"])
    assert len(skip["comment"].split()) > 4
    assert skip["id"] not in for_the_stack()


def test_reasons_survive_the_transform() -> None:
    assert for_resources(transformed_template()) == for_resources(source_template())
