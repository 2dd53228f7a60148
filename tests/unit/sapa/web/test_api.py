"""The routes, with services in memory."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from sapa.errors import StoreError
from sapa.web.api import HttpApi
from tests.unit.sapa.fakes import FakeServices, InMemorySessionStore

type Result = dict[str, Any]


@pytest.fixture
def api(tmp_path: Path) -> HttpApi:
    """An API whose page is one file."""
    (tmp_path / "index.html").write_text("<p>Hai!</p>")
    return HttpApi(FakeServices(), tmp_path)


def ask(api: HttpApi, method: str, path: str, **headers: str) -> Result:
    """The proxy result for a request."""
    return api.answer(
        {
            "rawPath": path,
            "headers": headers,
            "requestContext": {
                "domainName": "api.example",
                "requestId": "r",
                "http": {"method": method},
            },
        }
    )


def code(result: Result) -> str:
    """The code in a refusal."""
    return str(json.loads(result["body"])["error"]["code"])


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/auth/login", "POST"), ("/ws", "GET, HEAD"), ("/publish", "POST"), ("/", "GET, HEAD")],
)
def test_other_methods_are_not_allowed(api: HttpApi, path: str, allowed: str) -> None:
    result = ask(api, "DELETE", path)
    assert (result["statusCode"], result["headers"]["Allow"]) == (405, allowed)
    assert code(result) == "method_not_allowed"


@pytest.mark.parametrize("path", ["/nothing", "/auth/login/", "/static/../api.py"])
def test_other_paths_are_not_there(api: HttpApi, path: str) -> None:
    result = ask(api, "GET", path)
    assert (result["statusCode"], code(result)) == (404, "not_found")


def test_browser_gets_a_page_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "not_found.html").write_text("<p>Nothing.</p>")
    api, browser = HttpApi(FakeServices(), tmp_path), "text/html,application/xml;q=0.9,*/*;q=0.8"
    page = ask(api, "GET", "/nothing", accept=browser)
    assert (page["statusCode"], page["body"]) == (404, "<p>Nothing.</p>")
    assert page["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert page["headers"]["Cache-Control"] == "no-store"
    assert "style-src 'self'" in page["headers"]["Content-Security-Policy"]
    for method, accept in (("GET", "*/*"), ("GET", "application/json"), ("POST", browser)):
        result = ask(api, method, "/nothing", accept=accept)
        assert (result["statusCode"], code(result)) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    ["/", "/swagger", "/openapi.json", "/asyncapi.json", "/auth/session", "/ws", "/nothing"],
)
def test_head_is_answered_like_get_without_a_body(api: HttpApi, path: str) -> None:
    get, head = ask(api, "GET", path), ask(api, "HEAD", path)
    assert (head["statusCode"], head["headers"]) == (get["statusCode"], get["headers"])
    assert get["body"]
    assert (head["body"], head["isBase64Encoded"]) == ("", False)


def test_publish_is_no_route_of_this_function(api: HttpApi) -> None:
    """API Gateway sends it here when it is spelled so that no route is, like `/%70ublish`."""
    result = ask(api, "POST", "/publish")
    assert (result["statusCode"], code(result)) == (404, "not_found")


def test_request_without_upgrade_is_told_the_address(api: HttpApi) -> None:
    result = ask(api, "GET", "/ws", host="sapa.example")
    assert (result["statusCode"], result["headers"]["Upgrade"]) == (426, "websocket")
    assert "ws://sapa.example/ws" in result["body"]


@pytest.mark.parametrize(
    ("failure", "status", "expected"),
    [(StoreError("sessions", "X"), 503, "unavailable"), (ValueError("rahasia"), 500, "failed")],
)
def test_failures_are_answered_without_their_cause(
    tmp_path: Path, failure: Exception, status: int, expected: str
) -> None:
    class Broken(InMemorySessionStore):
        def get(self, token_hash: str) -> None:
            raise failure

    services = FakeServices()
    services.sessions = Broken()
    cookie = f"gen_app_auth_token={'a' * 43}"
    result = ask(HttpApi(services, tmp_path), "GET", "/auth/session", cookie=cookie)
    assert (result["statusCode"], code(result)) == (status, expected)
    assert str(failure) not in result["body"]


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json"])
def test_documents_are_json_and_asked_for_again(api: HttpApi, path: str) -> None:
    result = ask(api, "GET", path)
    assert json.loads(result["body"])["info"]["title"] == "Sapa"
    assert result["headers"]["Cache-Control"] == "no-cache"


def test_swagger_is_compressed_for_those_who_accept_it(api: HttpApi) -> None:
    plain = ask(api, "GET", "/swagger", **{"accept-encoding": "br"})
    packed = ask(api, "GET", "/swagger", **{"accept-encoding": "gzip, br"})
    assert packed["isBase64Encoded"]
    assert packed["headers"]["Content-Encoding"] == "gzip"
    assert gzip.decompress(base64.b64decode(packed["body"])).decode() == plain["body"]
