"""What every answer of the HTTP API forbids browsers, whatever was asked and however it ended."""

import re

import boto3
import pytest

from tests.integration.sapa.conftest import Cloud
from tests.integration.sapa.http_call import Answer, call
from tests.integration.sapa.stack import recorded

ROUTES = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("GET", "/static/app.js", 200),
    ("GET", "/swagger", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/asyncapi.json", 200),
    ("GET", "/auth/session", 401),
    ("POST", "/auth/login", 400),
    ("POST", "/auth/logout", 204),
    ("GET", "/ws", 426),
    ("GET", "/nothing", 404),
    ("GET", "/static/../app.py", 404),
    ("DELETE", "/", 405),
    ("GET", "/auth/login", 405),
    ("POST", "/swagger", 405),
]


def ask(method: str, path: str, **headers: str) -> Answer:
    """A request without cookie or body, as it comes through CloudFront."""
    event = recorded("api_page")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["headers"].update(headers)
    return call(event)


def directives(answer: Answer) -> dict[str, list[str]]:
    """The content security policy by directive."""
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {name: sources for name, *sources in (part.split() for part in parts if part.strip())}


def check(answer: Answer) -> None:
    """Everything that is the same for all answers."""
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    features = headers["Permissions-Policy"].split(", ")
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(features)
    assert all(feature.endswith("=()") for feature in features)
    policy = directives(answer)
    assert policy["default-src"] == policy["base-uri"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] in (["'none'"], ["'self'"])
    for source in policy.get("script-src", []):
        assert source == "'self'" or re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", source)


@pytest.mark.parametrize(("method", "path", "status"), ROUTES)
def test_every_answer_has_the_security_headers(
    cloud: Cloud, method: str, path: str, status: int
) -> None:
    answer = ask(method, path)
    assert answer.status == status
    check(answer)


def test_errors_have_them_too(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    boto3.client("dynamodb").delete_table(TableName="sessions")
    unavailable = call(recorded("api_session"))
    assert unavailable.status == 503
    check(unavailable)
    foreign = ask("POST", "/auth/login", origin="https://evil.example")
    assert foreign.status == 403
    check(foreign)
    cached = ask("GET", "/", **{"if-none-match": "*"})
    assert cached.status == 304
    check(cached)


def test_only_swagger_allows_inline_styles(cloud: Cloud) -> None:
    loose = {path for _, path, _ in ROUTES if "unsafe" in str(directives(ask("GET", path)))}
    assert loose == {"/swagger"}
    assert directives(ask("GET", "/swagger"))["style-src"] == ["'unsafe-inline'"]


def test_plain_http_is_not_told_to_stay_with_https(cloud: Cloud) -> None:
    assert (
        "Strict-Transport-Security" not in ask("GET", "/", **{"x-forwarded-proto": "http"}).headers
    )
