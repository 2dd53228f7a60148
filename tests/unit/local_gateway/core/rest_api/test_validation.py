"""Requests against what their method wants."""

import pytest

from local_gateway.core.http import Headers, Request
from local_gateway.core.model import RequestValidation
from local_gateway.core.rest_api.validation import validation_refusal

PET = {"type": "object", "required": ["name"]}
VALIDATION = RequestValidation(
    parameters=(
        "method.request.querystring.q",
        "method.request.header.X-A",
        "method.request.path.id",
    ),
    models={"application/json": PET},
)


def outcome(query_string: str, headers: tuple[tuple[str, str], ...], body: bytes) -> str | None:
    request = Request(
        method="POST",
        path="/",
        query_string=query_string,
        headers=Headers(headers),
        body=body,
    )
    refusal = validation_refusal(VALIDATION, request)
    assert refusal is None or refusal.status == 400
    return refusal.message if refusal is not None else None


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((("x-a", "1"),), b'{"name": "x"}'),
        ((("x-a", "1"), ("Content-Type", "application/json; charset=utf-8")), b'{"name": "x"}'),
        ((("x-a", "1"), ("Content-Type", "text/plain")), b"anything"),
    ],
)
def test_a_request_that_fits(headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    assert outcome("q=1", headers, body) is None


@pytest.mark.parametrize(
    ("query_string", "headers", "names"),
    [("", (("X-A", "1"),), "q"), ("q=", (("X-A", "1"),), "q"), ("", (), "q, X-A")],
)
def test_missing_parameters_are_named(
    query_string: str, headers: tuple[tuple[str, str], ...], names: str
) -> None:
    message = f"Missing required request parameters: [{names}]"
    assert outcome(query_string, headers, b'{"name": "x"}') == message


@pytest.mark.parametrize("body", [b"{}", b"", b"text", b"\xff"])
def test_a_body_that_its_model_refuses(body: bytes) -> None:
    assert outcome("q=1", (("X-A", "1"),), body) == "Invalid request body"
