"""What targets get: the event, a part of it, a constant, a transformed text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.event_sources.model import TargetInput
from local_gateway.core.event_sources.target_input import input_problem, target_payload

EVENT: dict[str, Any] = {
    "id": "e-1",
    "source": "shop",
    "time": "2024-01-01T00:00:00Z",
    "detail": {"name": 'Sari "S."', "count": 3, "tags": ["a", {"b": 1}], "none": None},
}
RULE = {"aws.events.rule-arn": "arn:r", "aws.events.rule-name": "orders"}


def payload(**parts: Any) -> Any:
    return json.loads(target_payload(TargetInput(**parts), EVENT, RULE))


def transformed(template: str, **paths: str) -> Any:
    return payload(template=template, paths=tuple(paths.items()))


def test_without_input_the_whole_event() -> None:
    assert payload() == EVENT


def test_constant_is_passed_as_written() -> None:
    assert target_payload(TargetInput(constant='{ "a" :1}'), EVENT, RULE) == '{ "a" :1}'


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("$", EVENT),
        ("$.detail.count", 3),
        ("$.detail.tags[1].b", 1),
        ("$.detail.tags[9]", None),
        ("$.detail.missing.deeper", None),
        ("$.source[0]", None),
    ],
)
def test_path_takes_a_part(path: str, part: object) -> None:
    assert payload(path=path) == part


def test_variables_alone_are_json() -> None:
    found = transformed(
        '{"who": <name>, "n": <n>, "all": [<tags>], "no": <missing>}',
        name="$.detail.name",
        n="$.detail.count",
        tags="$.detail.tags",
        missing="$.detail.missing",
    )
    assert found == {"who": 'Sari "S."', "n": 3, "all": [["a", {"b": 1}]], "no": None}


def test_variables_in_quotes_become_text() -> None:
    found = transformed(
        '"<name> has <n> of <tags>, <missing><unknown>"',
        name="$.detail.name",
        n="$.detail.count",
        tags="$.detail.tags",
        missing="$.detail.missing",
    )
    assert found == 'Sari "S." has 3 of ["a",{"b":1}], '


def test_predefined_variables() -> None:
    found = transformed('{"rule": "<aws.events.rule-name>", "event": <aws.events.event.json>}')
    assert found == {"rule": "orders", "event": EVENT}


def test_template_that_gives_no_json_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not give JSON"):
        transformed("Hello <name>", name="$.detail.name")


@given(st.text(), st.text())
def test_values_cannot_break_out_of_the_template(name: str, other: str) -> None:
    event = {"detail": {"name": name, "other": other}}
    target = TargetInput(
        template='{"a": "<name>", "b": <other>}',
        paths=(("name", "$.detail.name"), ("other", "$.detail.other")),
    )
    assert json.loads(target_payload(target, event, {})) == {"a": name, "b": other}


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        (TargetInput(), None),
        (TargetInput(constant="{}"), None),
        (TargetInput(path="$.detail-type"), None),
        (TargetInput(constant="{"), "Input is not JSON"),
        (TargetInput(path="$.detail.*"), "the path $.detail.* is not served"),
        (TargetInput(path="detail"), "the path detail is not served"),
        (TargetInput(template="<x>", paths=(("x", "$..x"),)), "the path $..x is not served"),
    ],
)
def test_inputs_that_cannot_be_used(target: TargetInput, problem: str | None) -> None:
    found = input_problem(target)
    assert (found or "").startswith(problem or "")
    assert (found is None) is (problem is None)
