"""The handshake of a connection, step by step."""

import json
from dataclasses import replace

import pytest

from local_gateway.core.http import Pairs
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, TimedOut
from local_gateway.core.management import MISSING_TOKEN
from local_gateway.core.model import (
    ApiKey,
    ApiKeySource,
    Throttle,
    WebSocketStage,
)
from local_gateway.core.websocket.actions import (
    AcceptHandshake,
    Invoke,
    Purpose,
    RefuseHandshake,
    Warn,
)
from local_gateway.core.websocket.connection import Connection, State
from local_gateway.core.websocket.stage import Limits, Stage
from tests.unit.local_gateway.core.samples import (
    STAMP,
    api,
    handshake,
    identity,
)
from tests.unit.local_gateway.core.websocket.connections import (
    OK,
    connection,
    guarded,
    only_invoke,
    opened,
    policy,
    refusal,
)


def test_no_connect_route_accepts() -> None:
    assert opened().is_open


def test_connect_2xx_opens_with_the_chosen_subprotocol_only() -> None:
    made = connection()
    assert only_invoke(made.open(STAMP)).purpose is Purpose.CONNECT
    answer = {"statusCode": 204, "headers": {"sec-websocket-protocol": "v1", "Set-Cookie": "a=b"}}
    actions = made.connected(Succeeded(json.dumps(answer).encode()), STAMP)
    assert actions == [AcceptHandshake("v1")]


def test_offered_subprotocol_is_not_echoed() -> None:
    made = connection(headers=(("Sec-WebSocket-Protocol", "v1, v2"),))
    made.open(STAMP)
    assert made.connected(OK, STAMP) == [AcceptHandshake(None)]


def test_subprotocol_with_control_codes_is_refused() -> None:
    made = connection()
    made.open(STAMP)
    answer = {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "v1\r\nX-Name: value"}}
    result = Succeeded(json.dumps(answer).encode())
    assert refusal(made.connected(result, STAMP)) == (502, "Internal server error")


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 501])
def test_connect_refusal_passes_unchanged(status: int) -> None:
    made = connection()
    made.open(STAMP)
    actions = made.connected(Succeeded(json.dumps({"statusCode": status}).encode()), STAMP)
    assert refusal(actions)[0] == status
    assert made.state is State.CLOSED


@pytest.mark.parametrize(
    "result", [Failed("ValueError", "x"), TimedOut(3), Succeeded(b"null"), Succeeded(b"[]")]
)
def test_connect_failure_is_502(result: InvocationResult) -> None:
    made = connection()
    made.open(STAMP)
    assert refusal(made.connected(result, STAMP))[0] == 502


@pytest.mark.parametrize(
    ("result", "cause"),
    [
        (Failed("ValueError", "x"), "ValueError: x"),
        (TimedOut(3), "no answer within 3 s"),
        (Succeeded(b'{"statusCode": 101}'), "$connect answered 101, expected 200 or more"),
        (
            Succeeded(b"null"),
            "Malformed Lambda proxy response: expected an integer statusCode, and the function "
            "returned nothing",
        ),
    ],
)
def test_connect_failure_has_its_cause_in_words(result: InvocationResult, cause: str) -> None:
    made = connection()
    made.open(STAMP)
    (refused,) = made.connected(result, STAMP)
    assert isinstance(refused, RefuseHandshake)
    assert refused.cause == cause


def test_missing_identity_source_is_401_without_the_authorizer() -> None:
    assert refusal(connection(guarded(), headers=()).open(STAMP)) == (401, "Unauthorized")


def test_header_that_differs_in_case_matches_with_a_warning() -> None:
    warning, invoke = connection(guarded(), headers=(("cookie", "a=b"),)).open(STAMP)
    assert isinstance(warning, Warn)
    assert "cookie" in warning.text
    assert isinstance(invoke, Invoke)
    assert invoke.purpose is Purpose.AUTHORIZE


@pytest.mark.parametrize(
    ("result", "status"),
    [
        (policy("Deny"), 403),
        (Failed("Exception", "Unauthorized"), 401),
        (Failed("Exception", "unauthorized"), 500),
        (TimedOut(5), 500),
        (Succeeded(b'{"statusCode": 401}'), 500),
    ],
)
def test_authorizer_refusals(result: InvocationResult, status: int) -> None:
    made = connection(guarded())
    invoke = only_invoke(made.open(STAMP))
    assert (invoke.purpose, invoke.function) == (Purpose.AUTHORIZE, "AuthFunction")
    assert refusal(made.authorized(result, STAMP, 3))[0] == status


def test_authorizer_context_goes_to_every_event() -> None:
    made = connection(guarded("$default", "$disconnect"))
    made.open(STAMP)
    connect = only_invoke(made.authorized(policy(level=3, admin=True), STAMP, 12))
    context = {"principalId": "ana", "level": "3", "admin": "true"}
    assert connect.event["requestContext"]["authorizer"] == {**context, "integrationLatency": 12}
    made.connected(OK, STAMP)
    message = only_invoke(made.text_received("hi", STAMP))
    assert message.event["requestContext"]["authorizer"] == context
    disconnect = only_invoke(made.lost(1005, "", STAMP))
    assert disconnect.event["requestContext"]["authorizer"] == context


def test_throttled_handshake_is_429() -> None:
    settings = WebSocketStage(name="ws", default_throttle=Throttle(rate=1, burst=1))
    stage = Stage(api("$connect"), settings, Limits())
    first = Connection(stage, identity(), handshake())
    second = Connection(stage, identity(), handshake())
    only_invoke(first.open(STAMP))
    assert refusal(second.open(STAMP))[0] == 429


def test_connect_route_that_went_while_the_authorizer_ran_accepts() -> None:
    made = connection(guarded("$default"))
    made.open(STAMP)
    made.stage.redeploy(api("$default"), made.stage.settings)
    assert made.authorized(policy(), STAMP, 1) == [AcceptHandshake(None)]


def test_a_refused_signature_is_403_and_invokes_nothing() -> None:
    assert refusal(connection().open(STAMP, MISSING_TOKEN)) == (
        403,
        "Missing Authentication Token",
    )


KEY = ApiKey(key_id="abc", value="a-key-of-twenty-signs")


def keyed(headers: Pairs, *keys: ApiKey) -> Connection:
    plain = api("$connect")
    route = replace(plain.routes["$connect"], api_key_required=True)
    settings = WebSocketStage(name="ws", api_keys=keys)
    return connection(replace(plain, routes={"$connect": route}), headers, settings)


@pytest.mark.parametrize("headers", [(), (("x-api-key", "another"),)])
def test_a_missing_api_key_is_403(headers: Pairs) -> None:
    assert refusal(keyed(headers, KEY).open(STAMP)) == (403, "Forbidden")
    assert refusal(keyed((("x-api-key", KEY.value),)).open(STAMP)) == (403, "Forbidden")


def test_the_connect_function_learns_the_api_key() -> None:
    invoke = only_invoke(keyed((("X-API-Key", KEY.value),), KEY).open(STAMP))
    caller = invoke.event["requestContext"]["identity"]
    assert (caller["apiKey"], caller["apiKeyId"]) == (KEY.value, KEY.key_id)


def test_a_key_beyond_its_usage_plan_is_429() -> None:
    key = replace(KEY, throttle=Throttle(rate=0, burst=0))
    made = keyed((("x-api-key", KEY.value),), key)
    assert refusal(made.open(STAMP)) == (429, "Too Many Requests")


@pytest.mark.parametrize(("usage_identifier_key", "fits"), [(KEY.value, True), ("other", False)])
def test_the_authorizer_may_choose_the_api_key(usage_identifier_key: str, fits: bool) -> None:
    served = guarded()
    route = replace(served.routes["$connect"], api_key_required=True)
    served = replace(served, routes={"$connect": route}, api_key_source=ApiKeySource.AUTHORIZER)
    made = connection(served, settings=WebSocketStage(name="ws", api_keys=(KEY,)))
    made.open(STAMP)
    answer = json.loads(policy().payload) | {"usageIdentifierKey": usage_identifier_key}
    actions = made.authorized(Succeeded(json.dumps(answer).encode()), STAMP, 1)
    if fits:
        assert only_invoke(actions).purpose is Purpose.CONNECT
    else:
        assert refusal(actions) == (403, "Forbidden")
