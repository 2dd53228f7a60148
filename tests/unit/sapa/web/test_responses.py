"""Answers as proxy results."""

import base64

import pytest

from sapa.errors import RefusalError
from sapa.web.responses import Response, json_response, refusal_response, security_headers


def test_bytes_travel_in_base64_and_texts_do_not() -> None:
    binary = Response(body=b"\xff").as_result()
    assert (binary["body"], binary["isBase64Encoded"]) == (base64.b64encode(b"\xff").decode(), True)
    text = Response(body="é").as_result()
    assert (text["body"], text["isBase64Encoded"]) == ("é", False)


def test_own_headers_win_over_the_default_ones() -> None:
    response = json_response({}, headers={"Content-Security-Policy": "mine"})
    headers = response.as_result(security_headers(is_https=True))["headers"]
    assert headers["Content-Security-Policy"] == "mine"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" in headers
    assert "Strict-Transport-Security" not in security_headers(is_https=False)


@pytest.mark.parametrize(("code", "status"), [("invalid_json", 400), ("unavailable", 503)])
def test_status_of_a_refusal_is_that_of_its_code(code: str, status: int) -> None:
    assert refusal_response(RefusalError(code, "Text.")).status == status
