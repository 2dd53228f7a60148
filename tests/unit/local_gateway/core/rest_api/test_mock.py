import pytest

from local_gateway.core.http import Headers, Request
from local_gateway.core.model import MockIntegration
from local_gateway.core.rest_api.mock import mock_response

MOCK = MockIntegration(
    status=204,
    headers=(("access-control-allow-origin", "https://a.example"), ("X-A", "1")),
    body="{}",
    origins=(r"https://a[.]example", r"https://.*[.]b[.]example"),
)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, "https://a.example"),
        ("https://x.b.example", "https://x.b.example"),
        ("https://x.b.example.evil.example", "https://a.example"),
    ],
)
def test_an_origin_that_matches_is_allowed(origin: str | None, allowed: str) -> None:
    headers = Headers((("Origin", origin),)) if origin is not None else Headers()
    response = mock_response(MOCK, Request(method="OPTIONS", path="/", headers=headers))
    assert (response.status, response.body) == (204, b"{}")
    assert response.headers.get_all("Access-Control-Allow-Origin") == [allowed]
    assert response.headers.get("x-a") == "1"
