"""HTTP APIs with authorizers: tokens of a real issuer, Lambda authorizers in their processes."""

import http.client
import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from local_gateway.core.model import (
    Application,
    AuthorizationType,
    HttpLambdaAuthorizer,
    HttpRoute,
    JwtAuthorizer,
)
from tests.support.applications import application
from tests.support.gateway import RunningGateway
from tests.support.issuer import Issuer
from tests.support.recorder import PrintedEvent

type Answer = tuple[int, Any, http.client.HTTPMessage]


def guarded(issuer: Issuer) -> Application:
    jwt = JwtAuthorizer(
        name="jwt",
        identity_source="$request.header.Authorization",
        issuer=issuer.url,
        audience=("app",),
    )
    simple = HttpLambdaAuthorizer(
        name="simple",
        function="HttpAuthorize",
        identity_sources=("$request.header.Authorization",),
        simple_responses=True,
    )
    policy = replace(
        simple,
        name="policy",
        payload_format_version="1.0",
        simple_responses=False,
        ttl=0,
    )
    routes = (
        HttpRoute(
            route_key="GET /jwt",
            function="Http",
            authorization_type=AuthorizationType.JWT,
            authorizer=jwt,
        ),
        HttpRoute(
            route_key="GET /scoped",
            function="Http",
            authorization_type=AuthorizationType.JWT,
            authorizer=jwt,
            scopes=("read",),
        ),
        HttpRoute(
            route_key="GET /simple",
            function="Http",
            authorization_type=AuthorizationType.CUSTOM,
            authorizer=simple,
        ),
        HttpRoute(
            route_key="GET /policy",
            function="Http",
            authorization_type=AuthorizationType.CUSTOM,
            authorizer=policy,
        ),
    )
    served = application()
    (api,) = served.http_apis
    return replace(served, http_apis=(replace(api, routes=routes),))


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as running:
        yield running


@pytest.fixture(scope="module")
def guarded_gateway(issuer: Issuer) -> Iterator[RunningGateway]:
    with RunningGateway(guarded(issuer)) as running:
        yield running


def ask(gateway: RunningGateway, path: str, authorization: str | None = None) -> Answer:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    try:
        headers = {"Authorization": authorization} if authorization is not None else {}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read()), response.headers
    finally:
        connection.close()


@pytest.mark.parametrize("scheme", ["", "Bearer "])
def test_a_valid_token_shows_its_claims(
    guarded_gateway: RunningGateway, issuer: Issuer, scheme: str
) -> None:
    status, event, _ = ask(guarded_gateway, "/jwt", scheme + issuer.token(groups=["a", "b"]))
    assert status == 200
    jwt = event["requestContext"]["authorizer"]["jwt"]
    assert (jwt["claims"]["sub"], jwt["claims"]["groups"]) == ("ana", "[a b]")
    assert jwt["claims"]["exp"].isdecimal()
    assert jwt["scopes"] is None


def test_without_a_token_there_is_a_challenge(guarded_gateway: RunningGateway) -> None:
    status, body, headers = ask(guarded_gateway, "/jwt")
    assert (status, body) == (401, {"message": "Unauthorized"})
    assert headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "other"}, "the token does not have a valid audience"),
        ({"exp": 1}, "the token has expired"),
        ({"iss": "https://other.example"}, "the token does not have a valid issuer"),
    ],
)
def test_a_token_that_is_not_valid_is_401_with_its_reason(
    guarded_gateway: RunningGateway, issuer: Issuer, changes: dict[str, Any], reason: str
) -> None:
    status, body, headers = ask(guarded_gateway, "/jwt", issuer.token(**changes))
    assert (status, body) == (401, {"message": "Unauthorized"})
    assert f'error_description="{reason}"' in headers["www-authenticate"]


def test_a_forged_token_is_401(guarded_gateway: RunningGateway, issuer: Issuer) -> None:
    head, payload, signature = issuer.token().split(".")
    _, other, _ = issuer.token(sub="eve").split(".")
    assert ask(guarded_gateway, "/jwt", f"{head}.{payload}.{signature}")[0] == 200
    assert ask(guarded_gateway, "/jwt", f"{head}.{other}.{signature}")[0] == 401


def test_a_route_may_want_a_scope(guarded_gateway: RunningGateway, issuer: Issuer) -> None:
    status, event, _ = ask(guarded_gateway, "/scoped", issuer.token(scope="read write"))
    assert status == 200
    assert event["requestContext"]["authorizer"]["jwt"]["scopes"] == ["read", "write"]
    status, body, headers = ask(guarded_gateway, "/scoped", issuer.token(scope="write"))
    assert (status, body) == (403, {"message": "Forbidden"})
    assert 'error="insufficient_scope"' in headers["www-authenticate"]


@pytest.mark.parametrize("path", ["/simple", "/policy"])
@pytest.mark.parametrize(
    ("token", "status", "message"),
    [
        (None, 401, "Unauthorized"),
        ("Unauthorized", 401, "Unauthorized"),
        ("deny", 403, "Forbidden"),
        ("trouble", 500, "Internal Server Error"),
        ("shapeless", 500, "Internal Server Error"),
    ],
)
def test_what_a_lambda_authorizer_answers_becomes_the_status(
    guarded_gateway: RunningGateway, path: str, token: str | None, status: int, message: str
) -> None:
    assert ask(guarded_gateway, path, token)[:2] == (status, {"message": message})


@pytest.mark.parametrize("path", ["/simple", "/policy"])
def test_the_function_sees_the_context(guarded_gateway: RunningGateway, path: str) -> None:
    status, event, _ = ask(guarded_gateway, path, "allow")
    assert status == 200
    assert event["requestContext"]["authorizer"] == {"lambda": {"level": 3}}


@pytest.mark.parametrize(("path", "times"), [("/simple", 1), ("/policy", 2)])
def test_an_answer_is_kept_for_its_time(
    guarded_gateway: RunningGateway, path: str, times: int
) -> None:
    token = secrets.token_hex(8)

    def fits(printed: PrintedEvent) -> bool:
        return token in json.dumps(printed.content)

    for _ in range(2):
        assert ask(guarded_gateway, path, token)[0] == 200
    printed = guarded_gateway.recorder.wait_for_all("http_authorize", fits, times)
    assert len(printed) == times
