"""The page and the documents of the HTTP API, called with recorded events; nothing of AWS."""

import pytest

from tests.integration.sapa.http_call import Answer, call
from tests.integration.sapa.stack import recorded


def get(path: str, method: str = "GET", **headers: str) -> Answer:
    """Request a path."""
    event = recorded("api_page")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["headers"].update(headers)
    return call(event)


def test_page_and_its_files_are_served(environment: None) -> None:
    page = call(recorded("api_page"))
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert "connect-src 'self' wss://d2v8example.cloudfront.net;" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in page.headers["Strict-Transport-Security"]
    cached = get("/", **{"if-none-match": page.headers["ETag"]})
    assert (cached.status, cached.body) == (304, "")
    assert get("/", "HEAD").body == ""
    assert get("/static/app.js").headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/static/", "/static/../app.py", "/static/%2e%2e/app.py", "//etc/passwd", "/é"],
)
def test_unknown_path_is_404(environment: None, path: str) -> None:
    answer = get(path, accept="application/json")
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    page = get(path)
    assert (page.status, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Page not found</h1>" in page.body


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/auth/login", "POST"),
        ("DELETE", "/", "GET, HEAD"),
        ("POST", "/openapi.json", "GET, HEAD"),
    ],
)
def test_wrong_method_is_405(environment: None, method: str, path: str, allowed: str) -> None:
    answer = get(path, method)
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)


def test_ws_without_upgrade_is_426(environment: None) -> None:
    answer = call(recorded("api_ws"))
    assert answer.status == 426
    assert answer.headers["Upgrade"] == "websocket"
    assert "wss://d2v8example.cloudfront.net/ws" in answer.error["message"]


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_swagger_is_served(environment: None, encoding: str) -> None:
    answer = get("/swagger", **{"accept-encoding": encoding})
    assert answer.status == 200
    assert "SwaggerUIBundle" in answer.body
    assert answer.headers.get("Content-Encoding", "") == encoding


def test_swagger_links_to_its_document(environment: None) -> None:
    event = recorded("api_swagger")
    event["queryStringParameters"] = {"format": "json"}
    assert call(event).json == call(recorded("api_openapi")).json


def test_documents_name_the_address_of_the_request(environment: None) -> None:
    plain = {"x-forwarded-proto": "http", "x-viewer-host": "", "host": "localhost:8080"}
    openapi = get("/openapi.json", **plain).json
    assert openapi["servers"] == [{"url": "http://localhost:8080"}]
    assert "`ws://localhost:8080/ws`" in openapi["paths"]["/ws"]["get"]["description"]
    assert openapi["paths"]["/publish"]["post"]["servers"] == openapi["servers"]
    asyncapi = get("/asyncapi.json", **plain).json
    assert asyncapi["servers"]["websocket"]["host"] == "localhost:8080"
    assert asyncapi["servers"]["websocket"]["protocol"] == "ws"
    assert "Strict-Transport-Security" not in get("/openapi.json", **plain).headers
