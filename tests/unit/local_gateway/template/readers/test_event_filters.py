"""Filters of event source mappings, and those that AWS refuses."""

import json

import pytest

from tests.unit.local_gateway.template.project import Project
from tests.unit.local_gateway.template.sources_project import failure


def event(*patterns: str) -> str:
    filters = json.dumps([{"Pattern": pattern} for pattern in patterns])
    return (
        "{Type: SQS, Properties: {Queue: !GetAtt Q.Arn,"
        f" FilterCriteria: {{Filters: {filters}}}}}}}"
    )


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (["{"], "the pattern is not JSON"),
        (["[]"], "the pattern is empty or is not an object"),
        (['{"body": "a"}'], "body must be a list or an object"),
        (['{"body": [{"like": "a"}]}'], "like is not a comparison"),
        (['{"body": ["' + "x" * 4096 + '"]}'], "longer than 4096 characters"),
        (["{}"] * 6, "AWS allows 5 filters, not 6"),
    ],
)
def test_filters_that_are_refused(project: Project, patterns: list[str], message: str) -> None:
    assert message in failure(project, event(*patterns))
