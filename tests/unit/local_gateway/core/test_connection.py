"""The life of a connection: ten minutes of silence are a number here, not a wait."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from local_gateway.core.actions import (
    AcceptHandshake,
    Action,
    CloseSocket,
    Invoke,
    Purpose,
    RefuseHandshake,
    SendText,
    Warn,
)
from local_gateway.core.connection import Connection, State
from local_gateway.core.handshake import Headers, Moment
from local_gateway.core.limits import Limits
from local_gateway.core.model import (
    AuthorizationType,
    Authorizer,
    Throttle,
    WebSocketApi,
    WebSocketRoute,
    WebSocketStage,
)
from local_gateway.core.results import Failed, InvocationResult, Succeeded, TimedOut
from local_gateway.core.stage import Stage
from tests.unit.local_gateway.core.samples import (
    CONNECTED_AT,
    CONNECTION_ID,
    MOMENT,
    REQUEST_ID,
    api,
    handshake,
    identity,
)

OK = Succeeded(b'{"statusCode": 200}')
UNIQUE = b"0123456789a"
ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/ws/$connect"
COOKIE: Headers = (("Cookie", "a=b"),)
AUTHORIZER = Authorizer(
    logical_id="Auth",
    name="Auth",
    function="AuthFunction",
    identity_sources=("route.request.header.Cookie",),
)


def policy(effect: str = "Allow", **context: object) -> Succeeded:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": ARN}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    answer = {"principalId": "ana", "policyDocument": document, "context": context}
    return Succeeded(json.dumps(answer).encode())


def guarded(*route_keys: str) -> WebSocketApi:
    plain = api("$connect", *route_keys)
    route = replace(
        plain.routes["$connect"],
        authorization_type=AuthorizationType.CUSTOM,
        authorizer=AUTHORIZER,
    )
    return replace(plain, routes={**plain.routes, "$connect": route})


def connection(
    served: WebSocketApi | None = None,
    headers: Headers = COOKIE,
    settings: WebSocketStage | None = None,
) -> Connection:
    served = served or api("$connect", "$default", "$disconnect")
    stage = Stage(served, settings or WebSocketStage(name="ws"), Limits())
    return Connection(stage, identity(), handshake(headers))


def opened(served: WebSocketApi | None = None) -> Connection:
    made = connection(served or api("$default", "$disconnect"))
    assert made.open(MOMENT) == [AcceptHandshake(None)]
    return made


def only_invoke(actions: list[Action]) -> Invoke:
    (action,) = actions
    assert isinstance(action, Invoke)
    return action


def refusal(actions: list[Action]) -> tuple[int, str]:
    (action,) = actions
    assert isinstance(action, RefuseHandshake)
    return action.status, action.message


def message_of(actions: list[Action]) -> str:
    (action,) = actions
    assert isinstance(action, SendText)
    frame: dict[str, Any] = json.loads(action.text)
    assert frame["connectionId"] == CONNECTION_ID
    assert frame["requestId"] == REQUEST_ID
    return str(frame["message"])


def later(ms: float) -> Moment:
    return Moment(CONNECTED_AT + int(ms), REQUEST_ID)


# The handshake


def test_no_connect_route_accepts() -> None:
    assert opened().is_open


def test_connect_2xx_opens_with_the_chosen_subprotocol_only() -> None:
    made = connection()
    assert only_invoke(made.open(MOMENT)).purpose is Purpose.CONNECT
    answer = {"statusCode": 204, "headers": {"sec-websocket-protocol": "v1", "Set-Cookie": "a=b"}}
    actions = made.connected(Succeeded(json.dumps(answer).encode()))
    assert actions == [AcceptHandshake("v1")]


def test_offered_subprotocol_is_not_echoed() -> None:
    made = connection(headers=(("Sec-WebSocket-Protocol", "v1, v2"),))
    made.open(MOMENT)
    assert made.connected(OK) == [AcceptHandshake(None)]


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 501])
def test_connect_refusal_passes_unchanged(status: int) -> None:
    made = connection()
    made.open(MOMENT)
    actions = made.connected(Succeeded(json.dumps({"statusCode": status}).encode()))
    assert refusal(actions)[0] == status
    assert made.state is State.CLOSED


@pytest.mark.parametrize(
    "result", [Failed("ValueError", "x"), TimedOut(3), Succeeded(b"null"), Succeeded(b"[]")]
)
def test_connect_failure_is_502(result: InvocationResult) -> None:
    made = connection()
    made.open(MOMENT)
    assert refusal(made.connected(result))[0] == 502


def test_missing_identity_source_is_401_without_the_authorizer() -> None:
    assert refusal(connection(guarded(), headers=()).open(MOMENT)) == (401, "Unauthorized")


def test_header_that_differs_in_case_is_401_with_a_warning() -> None:
    warning, refused = connection(guarded(), headers=(("cookie", "a=b"),)).open(MOMENT)
    assert isinstance(warning, Warn)
    assert "cookie" in warning.text
    assert isinstance(refused, RefuseHandshake)
    assert refused.status == 401


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
    invoke = only_invoke(made.open(MOMENT))
    assert (invoke.purpose, invoke.function) == (Purpose.AUTHORIZE, "AuthFunction")
    assert refusal(made.authorized(result, MOMENT, 3))[0] == status


def test_authorizer_context_goes_to_every_event() -> None:
    made = connection(guarded("$default", "$disconnect"))
    made.open(MOMENT)
    connect = only_invoke(made.authorized(policy(level=3, admin=True), MOMENT, 12))
    context = {"principalId": "ana", "level": "3", "admin": "true"}
    assert connect.event["requestContext"]["authorizer"] == {**context, "integrationLatency": 12}
    made.connected(OK)
    message = only_invoke(made.text_received("hi", MOMENT, UNIQUE))
    assert message.event["requestContext"]["authorizer"] == context
    disconnect = only_invoke(made.lost(1005, "", MOMENT))
    assert disconnect.event["requestContext"]["authorizer"] == context


def test_throttled_handshake_is_429() -> None:
    settings = WebSocketStage(name="ws", default_throttle=Throttle(rate=1, burst=1))
    stage = Stage(api("$connect"), settings, Limits())
    first = Connection(stage, identity(), handshake())
    second = Connection(stage, identity(), handshake())
    only_invoke(first.open(MOMENT))
    assert refusal(second.open(MOMENT))[0] == 429


# Messages


def test_message_goes_to_its_route() -> None:
    made = opened(api("join", "$default"))
    assert only_invoke(made.text_received('{"action":"join"}', MOMENT, UNIQUE)).route_key == "join"
    assert only_invoke(made.text_received("hello", MOMENT, UNIQUE)).route_key == "$default"


def test_unmatched_message_is_forbidden_and_the_socket_stays() -> None:
    made = opened(api("join"))
    assert message_of(made.text_received("hello", MOMENT, UNIQUE)) == "Forbidden"
    assert made.is_open


@pytest.mark.parametrize(
    "result", [Failed("E", "secret"), TimedOut(29), Succeeded(b"null"), Succeeded(b'{"a": 1}')]
)
def test_failed_message_gets_the_error_frame(result: InvocationResult) -> None:
    made = opened()
    invoke = only_invoke(made.text_received("hello", MOMENT, UNIQUE))
    frame = message_of(made.replied(invoke, result, MOMENT.at))
    assert frame == "Internal server error"
    assert made.is_open


@pytest.mark.parametrize("status", [200, 404, 501])
def test_one_way_answer_reaches_nobody(status: int) -> None:
    made = opened()
    invoke = only_invoke(made.text_received("hello", MOMENT, UNIQUE))
    answer = json.dumps({"statusCode": status, "body": "echo"}).encode()
    assert made.replied(invoke, Succeeded(answer), MOMENT.at) == []


def test_two_way_answer_is_the_body() -> None:
    plain = api("$default")
    route = replace(plain.routes["$default"], two_way=True)
    made = opened(replace(plain, routes={"$default": route}))
    invoke = only_invoke(made.text_received("hello", MOMENT, UNIQUE))
    with_body = Succeeded(b'{"statusCode": 200, "body": "echo"}')
    assert made.replied(invoke, with_body, MOMENT.at) == [SendText("echo")]
    assert made.replied(invoke, OK, MOMENT.at) == []


def test_throttled_message_gets_a_frame() -> None:
    settings = WebSocketStage(name="ws", throttles={"$default": Throttle(rate=1, burst=1)})
    made = connection(api("$default"), settings=settings)
    made.open(MOMENT)
    only_invoke(made.text_received("a", MOMENT, UNIQUE))
    assert message_of(made.text_received("b", MOMENT, UNIQUE)) == "Too Many Requests"


def test_invalid_body_gets_a_frame_and_no_invocation() -> None:
    schema = {"type": "object", "required": ["text"]}
    route = WebSocketRoute(
        route_key="$default",
        function="Function",
        model_selection_expression="$default",
        request_models={"$default": schema},
    )
    made = opened(replace(api("$default"), routes={"$default": route}))
    warning, frame = made.text_received("{}", MOMENT, UNIQUE)
    assert isinstance(warning, Warn)
    assert message_of([frame]) == "Invalid request body"


# The end


def test_binary_closes_with_1003_and_tells_disconnect() -> None:
    close, invoke = opened().binary_received(MOMENT)
    assert close == CloseSocket(1003, "")
    assert isinstance(invoke, Invoke)
    assert invoke.event["requestContext"]["disconnectStatusCode"] == 1003


def test_silence_ends_after_ten_minutes_and_traffic_puts_it_off() -> None:
    made = opened()
    made.text_received("hi", later(300_000), UNIQUE)
    assert made.expired(later(899_999)) == []
    made.post(b"hello", CONNECTED_AT + 800_000, 0)
    assert made.expired(later(1_399_999)) == []
    close, _ = made.expired(later(1_400_000))
    assert close == CloseSocket(1001, "Going away")


def test_age_ends_after_two_hours_whatever_the_traffic() -> None:
    made = opened()
    for minute in range(5, 120, 5):
        made.text_received("hi", later(minute * 60_000), UNIQUE)
        assert made.expired(later(minute * 60_000)) == []
    close, _ = made.expired(later(7_200_000))
    assert close == CloseSocket(1001, "Going away")


@pytest.mark.parametrize(
    ("code", "given_reason", "reported"),
    [
        (1005, "", "Client-side close frame status not set"),
        (1006, "", ""),
        (1000, "", "Connection Closed Normally"),
        (4001, "moved", "moved"),
    ],
)
def test_disconnect_reports_code_and_reason(code: int, given_reason: str, reported: str) -> None:
    context = only_invoke(opened().lost(code, given_reason, MOMENT)).event["requestContext"]
    assert context["disconnectStatusCode"] == code
    assert context["disconnectReason"] == reported


def test_without_disconnect_route_nothing_is_invoked() -> None:
    assert opened(api("$default")).lost(1000, "", MOMENT) == []


# The management API


def test_post_before_the_handshake_ends_is_gone() -> None:
    made = connection()
    made.open(MOMENT)
    response, actions = made.post(b"early", MOMENT.at, 0)
    assert (response.status, actions) == (410, [])
    assert made.describe().status == 410
    assert made.delete(MOMENT)[0].status == 410


def test_post_sends_text() -> None:
    response, actions = opened().post("Halo 👋".encode(), MOMENT.at, 0)
    assert (response.status, actions) == (200, [SendText("Halo 👋")])


def test_post_limits() -> None:
    made = opened()
    assert made.post(b"x" * 131_072, MOMENT.at, 0)[0].status == 200
    assert made.post(b"x" * 131_073, MOMENT.at, 0)[0].status == 413
    assert made.post(b"x", MOMENT.at, 10 * 1024 * 1024)[0].status == 429


def test_get_tells_times_and_identity() -> None:
    made = opened()
    made.text_received("hi", later(2000), UNIQUE)
    body = json.loads(made.describe().body)
    assert set(body) == {"connectedAt", "lastActiveAt", "identity"}
    assert body["lastActiveAt"] > body["connectedAt"]


def test_delete_closes_with_1000_once() -> None:
    made = opened()
    response, actions = made.delete(MOMENT)
    assert response.status == 204
    assert actions[0] == CloseSocket(1000, "Connection Closed Normally")
    assert made.delete(MOMENT)[0].status == 410


@given(factor=st.floats(min_value=1, max_value=10_000))
def test_warped_limits_arrive_sooner(factor: float) -> None:
    warped = Limits().warped(factor)
    assert warped.idle_ms * factor == pytest.approx(Limits().idle_ms)
    assert warped.message_bytes == Limits().message_bytes


class Lives(RuleBasedStateMachine):
    """Any interleaving keeps: one handshake decision, one `$disconnect`, silence after the end."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = connection(guarded("$default", "$disconnect"))
        self.at = CONNECTED_AT
        self.decisions = 0
        self.ends = 0
        self.in_flight: list[Invoke] = []

    def take(self, actions: list[Action]) -> None:
        was_closed = self.connection.state is State.CLOSED
        for action in actions:
            match action:
                case AcceptHandshake() | RefuseHandshake():
                    self.decisions += 1
                case Invoke(purpose=Purpose.DISCONNECT):
                    self.ends += 1
                case Invoke():
                    self.in_flight.append(action)
                case SendText():
                    assert not was_closed
                case _:
                    pass

    def moment(self) -> Moment:
        self.at += 1000
        return Moment(self.at, REQUEST_ID)

    @precondition(lambda self: self.connection.state is State.NEW)
    @rule()
    def begin(self) -> None:
        self.take(self.connection.open(self.moment()))

    @rule(result=st.sampled_from([policy(), policy("Deny"), TimedOut(1)]))
    def authorize(self, result: InvocationResult) -> None:
        self.take(self.connection.authorized(result, self.moment(), 1))

    @rule(result=st.sampled_from([OK, Succeeded(b'{"statusCode": 403}'), Failed("E", "m")]))
    def connect(self, result: InvocationResult) -> None:
        self.take(self.connection.connected(result))

    @rule(body=st.text(max_size=20))
    def say(self, body: str) -> None:
        self.take(self.connection.text_received(body, self.moment(), UNIQUE))

    @rule(result=st.sampled_from([OK, Failed("E", "m"), TimedOut(29)]))
    def answer(self, result: InvocationResult) -> None:
        messages = [item for item in self.in_flight if item.purpose is Purpose.MESSAGE]
        if messages:
            self.in_flight.remove(messages[0])
            self.take(self.connection.replied(messages[0], result, self.moment().at))

    @rule(data=st.binary(max_size=20))
    def post(self, data: bytes) -> None:
        was_open = self.connection.is_open
        response, actions = self.connection.post(data, self.moment().at, 0)
        assert response.status == (200 if was_open else 410)
        self.take(actions)

    @rule(minutes=st.integers(0, 130))
    def wait(self, minutes: int) -> None:
        self.at += minutes * 60_000
        self.take(self.connection.expired(self.moment()))

    @rule()
    def delete(self) -> None:
        self.take(self.connection.delete(self.moment())[1])

    @rule(code=st.sampled_from([1000, 1001, 1005, 1006, 4001]))
    def vanish(self, code: int) -> None:
        self.take(self.connection.lost(code, "", self.moment()))

    @invariant()
    def at_most_one_decision_and_one_end(self) -> None:
        assert self.decisions <= 1
        assert self.ends <= 1
        if self.ends:
            assert self.connection.state is State.CLOSED


TestLives = Lives.TestCase
