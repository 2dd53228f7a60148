"""Bodies against models."""

import pytest

from local_gateway.core.json_schema import schema_problem, violation

PET = {"type": "object", "required": ["name"], "properties": {"age": {"$ref": "#/definitions/n"}}}
MODEL = {**PET, "definitions": {"n": {"type": "integer"}}}


@pytest.mark.parametrize("body", ['{"name": "x"}', b'{"name": "x", "age": 5}'])
def test_bodies_that_fit(body: str | bytes) -> None:
    assert violation(MODEL, body) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{}", "$: required does not hold"),
        ('{"name": "x", "age": "secret"}', "$.age: type does not hold"),
        ("secret", "the body is not JSON"),
        ("", "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        ("[" * 9000, "the body is not JSON"),
    ],
)
def test_a_refused_body_has_a_reason_without_its_content(body: str | bytes, reason: str) -> None:
    assert violation(MODEL, body) == reason


def test_a_reference_out_of_the_model_is_named() -> None:
    reason = violation({"$ref": "https://schema.example/pet"}, "{}")
    assert reason == "the model refers to https://schema.example/pet, which is not part of it"


def test_an_unusable_model_has_a_problem() -> None:
    assert schema_problem(MODEL) is None
    problem = schema_problem({"properties": {"a": {"type": "integr"}}})
    assert problem is not None
    assert problem.startswith("$.properties.a.type: ")
