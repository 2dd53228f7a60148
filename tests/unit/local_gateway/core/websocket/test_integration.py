"""Selection expressions and the keys of integration responses."""

import re

import pytest

from local_gateway.core.websocket.integration import (
    IntegrationResponse,
    SelectionExpression,
    stage_variables_of,
    with_stage_variables,
)

VARIABLES = ("request.body", "integration.response.")


@pytest.mark.parametrize(
    ("expression", "key"),
    [
        ("200", "200"),
        (r"\$default", "$default"),
        ("$default", "$default"),
        ("${request.body.kind}", "<request.body.kind>"),
        ("$request.body.kind", "<request.body.kind>"),
        ("${request.body.a}-${request.body.b}!", "<request.body.a>-<request.body.b>!"),
        ("$integration.response.statuscode", "<integration.response.statuscode>"),
        ("v${integration.response.header.x-kind}", "v<integration.response.header.x-kind>"),
        (r"\$${request.body['a b']}", "$<request.body['a b']>"),
        ("", ""),
    ],
)
def test_an_expression_is_evaluated_in_one_pass(expression: str, key: str) -> None:
    parsed = SelectionExpression.parse(expression, VARIABLES)
    assert parsed.evaluate(lambda name: f"<{name}>") == key


@pytest.mark.parametrize("expression", ["${context.stage}", "$request.header.x", "${}"])
def test_a_variable_that_is_not_allowed_is_named(expression: str) -> None:
    expected = "expected ${request.body…}, ${integration.response.…}"
    with pytest.raises(ValueError, match=re.escape(expected)):
        SelectionExpression.parse(expression, VARIABLES)


@pytest.mark.parametrize(
    ("key", "text", "fits"),
    [
        ("/200/", "200", True),
        (r"/4\d\d/", "404", True),
        (r"/4\d\d/", "4040", False),
        ("/.*Error.*/", "A ValueError here", True),
        ("$default", "200", False),
    ],
)
def test_a_pattern_fits_the_whole_text(key: str, text: str, fits: bool) -> None:
    assert IntegrationResponse(key=key).fits(text) is fits


def test_stage_variables_are_put_into_a_uri() -> None:
    uri = "http://${stageVariables.host}/${stageVariables.path}/${stageVariables.none}"
    assert stage_variables_of(uri) == ["host", "path", "none"]
    assert with_stage_variables(uri, {"host": "a.example", "path": "p"}) == "http://a.example/p/"
