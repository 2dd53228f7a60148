"""A REST API over real HTTP: events, answers, authorizers, API keys, signatures."""

import http.client
import json
import secrets
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_gateway.records import ApiRecord
from tests.support.applications import ACCOUNT, API_KEY, ORIGIN, REGION
from tests.support.gate import Gate
from tests.support.gateway import ACCESS_KEY, SECRET_KEY, RunningGateway
from tests.support.recorder import PrintedEvent

type Answer = tuple[http.client.HTTPResponse, bytes]


def ask(
    gateway: RunningGateway,
    path: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def message(gateway: RunningGateway, path: str, **options: Any) -> tuple[int, Any]:
    """Status and body of an answer in JSON."""
    response, body = ask(gateway, path, **options)
    return response.status, json.loads(body)


def event(gateway: RunningGateway, path: str, **options: Any) -> dict[str, Any]:
    """The event that the function got."""
    status, content = message(gateway, path, **options)
    assert status == 200
    made: dict[str, Any] = content
    return made


def test_an_event_of_a_proxy_resource(gateway: RunningGateway) -> None:
    headers = {"Content-Type": "text/plain"}
    got = event(gateway, "/rest/a%20b/c?q=1&q=2", method="POST", headers=headers, body="ä".encode())
    assert (got["resource"], got["path"]) == ("/{proxy+}", "/a%20b/c")
    assert got["pathParameters"] == {"proxy": "a%20b/c"}
    assert got["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert (got["body"], got["isBase64Encoded"]) == ("ä", False)
    assert got["stageVariables"] == {"colour": "blue"}
    assert got["requestContext"]["path"] == "/rest/a%20b/c"
    assert got["headers"]["Content-Type"] == "text/plain"


def test_an_answer_has_the_ids_of_its_event(gateway: RunningGateway) -> None:
    response, body = ask(gateway, "/rest/pets/5")
    context = json.loads(body)["requestContext"]
    assert response.headers["x-amzn-RequestId"] == context["requestId"]
    assert response.headers["x-amz-apigw-id"] == context["extendedRequestId"]
    assert response.headers["Content-Type"] == "application/json"


def test_the_root_and_a_slash_at_the_end(gateway: RunningGateway) -> None:
    assert event(gateway, "/rest")["resource"] == "/"
    assert event(gateway, "/rest/")["resource"] == "/"
    assert event(gateway, "/rest/pets/5/")["resource"] == "/pets/{id}"


def test_an_unknown_method_is_403(gateway: RunningGateway) -> None:
    response, body = ask(gateway, "/rest/pets/5", method="DELETE")
    assert (response.status, body) == (403, b'{"message":"Missing Authentication Token"}')
    assert response.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    assert response.headers["X-Refused"] == "yes"


def test_a_body_of_a_binary_media_type_is_base64(gateway: RunningGateway) -> None:
    headers = {"Content-Type": "image/png", "Accept": "image/png"}
    got = event(gateway, "/rest/x", method="POST", headers=headers, body=b"hi")
    assert (got["body"], got["isBase64Encoded"]) == ("aGk=", True)
    assert ask(gateway, "/rest/image", headers=headers)[1] == b"hi"
    assert ask(gateway, "/rest/image")[1] == b"aGk="


def test_each_value_of_a_header_is_a_header_of_its_own(gateway: RunningGateway) -> None:
    response, _ = ask(gateway, "/rest/cookies")
    assert response.status == 201
    assert response.headers.get_all("Set-Cookie") == ["a=1; HttpOnly", "b=2"]


@pytest.mark.parametrize("path", ["/rest/malformed", "/rest/raise"])
def test_what_is_no_response_is_502(gateway: RunningGateway, path: str) -> None:
    response, body = ask(gateway, path)
    assert (response.status, body) == (502, b'{"message": "Internal server error"}')
    [record] = [
        item
        for item in gateway.recorder.records
        if isinstance(item, ApiRecord) and item.route_key == f"GET {path}"
    ]
    assert record.problem
    assert record.detail is not None
    assert record.request_id is not None


def test_an_integration_timeout_is_504(gateway: RunningGateway, gate: Gate) -> None:
    answer = ask(gateway, f"/rest/hold?gate={gate.port}&label=late")
    assert (answer[0].status, answer[1]) == (504, b'{"message": "Endpoint request timed out"}')
    gate.arrive().release()


def test_a_preflight_is_answered_by_its_mock(gateway: RunningGateway) -> None:
    response, body = ask(gateway, "/rest/pets/5", method="OPTIONS")
    assert (response.status, body) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_an_integration_that_is_not_served_is_502(gateway: RunningGateway) -> None:
    assert message(gateway, "/rest/unserved")[0] == 502


def test_a_throttled_method_is_429(gateway: RunningGateway) -> None:
    assert message(gateway, "/rest/throttled") == (429, {"message": "Too Many Requests"})


@pytest.mark.parametrize(
    ("query", "body", "status", "answer"),
    [
        ("?q=1", b'{"size": 1}', 200, None),
        ("", b'{"size": 1}', 400, "Missing required request parameters: [q]"),
        ("?q=1", b'{"size": "x"}', 400, "Invalid request body"),
    ],
)
def test_a_request_that_does_not_fit_never_reaches_the_function(
    gateway: RunningGateway, query: str, body: bytes, status: int, answer: str | None
) -> None:
    answered, content = message(gateway, f"/rest/strict{query}", method="POST", body=body)
    assert (answered, content.get("message")) == (status, answer)


def test_more_than_10_mb_is_413(gateway: RunningGateway) -> None:
    response, _ = ask(gateway, "/rest/x", method="POST", body=b"x" * (10 * 1024 * 1024 + 1))
    assert response.status == 413


@pytest.mark.parametrize(("key", "status"), [(API_KEY, 200), ("another", 403), (None, 403)])
def test_an_api_key_opens_its_methods(
    gateway: RunningGateway, key: str | None, status: int
) -> None:
    headers = {"x-api-key": key} if key is not None else {}
    answered, content = message(gateway, "/rest/keyed", headers=headers)
    assert answered == status
    if status == 200:
        assert content["requestContext"]["identity"]["apiKeyId"] == "key1234567"
    else:
        assert content == {"message": "Forbidden"}


def test_a_signature_is_wanted_and_names_its_signer(gateway: RunningGateway) -> None:
    missing = {"message": "Missing Authentication Token"}
    assert message(gateway, "/rest/iam") == (403, missing)
    request = AWSRequest("GET", f"http://{gateway.authority}/rest/iam")
    SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "execute-api", REGION).add_auth(request)
    got = event(gateway, "/rest/iam", headers=dict(request.headers.items()))
    identity = got["requestContext"]["identity"]
    assert identity["userArn"] == f"arn:aws:iam::{ACCOUNT}:user/local"
    assert identity["accessKey"] == ACCESS_KEY


@pytest.mark.parametrize("path", ["/rest/token", "/rest/request"])
@pytest.mark.parametrize(
    ("token", "status", "content"),
    [
        (None, 401, {"message": "Unauthorized"}),
        ("Unauthorized", 401, {"message": "Unauthorized"}),
        ("trouble", 500, {"message": None}),
        (
            "deny",
            403,
            {"Message": "User is not authorized to access this resource with an explicit deny"},
        ),
    ],
)
def test_what_a_lambda_authorizer_says_becomes_the_status(
    gateway: RunningGateway, path: str, token: str | None, status: int, content: dict[str, Any]
) -> None:
    headers = {"Authorization": token} if token is not None else {}
    assert message(gateway, path, headers=headers) == (status, content)


@pytest.mark.parametrize("path", ["/rest/token", "/rest/request"])
def test_the_function_sees_the_authorizers_context(gateway: RunningGateway, path: str) -> None:
    got = event(gateway, path, headers={"Authorization": f"allow-{path}"})
    authorizer = got["requestContext"]["authorizer"]
    assert isinstance(authorizer.pop("integrationLatency"), int)
    assert authorizer == {"principalId": "ada", "level": "3"}


def asked(gateway: RunningGateway, token: str, least: int) -> int:
    """How often the authorizer was asked about a token."""

    def fits(printed: PrintedEvent) -> bool:
        return token in json.dumps(printed.content)

    return len(gateway.recorder.wait_for_all("rest_authorize", fits, least))


def test_an_authorizers_answer_is_kept_and_evaluated_for_each_method(
    gateway: RunningGateway,
) -> None:
    token = secrets.token_hex(8)
    headers = {"Authorization": token}
    event(gateway, "/rest/request", headers=headers)
    event(gateway, "/rest/request", headers=headers)
    # The kept policy names one method, as many do.
    status, content = message(gateway, "/rest/request", method="PUT", headers=headers)
    assert (status, content) == (
        403,
        {"Message": "User is not authorized to access this resource"},
    )
    assert asked(gateway, token, 1) == 1


def test_without_a_cache_time_an_authorizer_is_always_asked(gateway: RunningGateway) -> None:
    token = secrets.token_hex(8)
    for _ in range(2):
        event(gateway, "/rest/fresh", headers={"Authorization": token})
    assert asked(gateway, token, 2) == 2


def test_a_websocket_upgrade_of_a_rest_stage_is_forbidden(gateway: RunningGateway) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    assert message(gateway, "/rest/pets/5", headers=headers) == (403, {"message": "Forbidden"})


def test_the_name_on_aws_leads_to_its_own_stages(gateway: RunningGateway) -> None:
    name = f"rest123456.execute-api.{REGION}.amazonaws.com"
    got = event(gateway, "/rest/pets/5", headers={"Host": name})
    assert got["requestContext"]["domainName"] == name
    other = {"Host": name.replace("rest", "some")}
    assert message(gateway, "/rest/pets/5", headers=other)[0] == 403
