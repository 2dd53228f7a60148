"""How connections end and what the management API does: ten minutes of silence are a number."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.websocket.actions import (
    CloseSocket,
    Invoke,
    SendText,
)
from local_gateway.core.websocket.stage import Limits
from tests.unit.local_gateway.core.samples import (
    CONNECTED_AT,
    STAMP,
    api,
)
from tests.unit.local_gateway.core.websocket.connections import (
    OK,
    connection,
    later,
    only_invoke,
    opened,
)


def test_binary_closes_with_1003_and_tells_disconnect() -> None:
    close, invoke = opened().binary_received(STAMP)
    assert close == CloseSocket(1003, "")
    assert isinstance(invoke, Invoke)
    assert invoke.event["requestContext"]["disconnectStatusCode"] == 1003


def test_silence_ends_after_ten_minutes_and_traffic_puts_it_off() -> None:
    made = opened()
    made.text_received("hi", later(300_000))
    assert made.expired(later(899_999)) == []
    made.post(b"hello", CONNECTED_AT + 800_000, 0)
    assert made.expired(later(1_399_999)) == []
    close, _ = made.expired(later(1_400_000))
    assert close == CloseSocket(1001, "Going away")


def test_a_slow_handshake_is_no_silence() -> None:
    made = connection()
    made.open(STAMP)
    made.connected(OK, later(29_000))
    assert made.expired(later(628_999)) == []
    close, _ = made.expired(later(629_000))
    assert close == CloseSocket(1001, "Going away")


def test_age_ends_after_two_hours_whatever_the_traffic() -> None:
    made = opened()
    for minute in range(5, 120, 5):
        made.text_received("hi", later(minute * 60_000))
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
    context = only_invoke(opened().lost(code, given_reason, STAMP)).event["requestContext"]
    assert context["disconnectStatusCode"] == code
    assert context["disconnectReason"] == reported


def test_without_disconnect_route_nothing_is_invoked() -> None:
    assert opened(api("$default")).lost(1000, "", STAMP) == []


# The management API


def test_post_before_the_handshake_ends_is_gone() -> None:
    made = connection()
    made.open(STAMP)
    response, actions = made.post(b"early", STAMP.at, 0)
    assert (response.status, actions) == (410, [])
    assert made.describe().status == 410
    assert made.delete(STAMP)[0].status == 410


def test_post_sends_text() -> None:
    response, actions = opened().post("Halo 👋".encode(), STAMP.at, 0)
    assert (response.status, actions) == (200, [SendText("Halo 👋")])


def test_post_limits() -> None:
    made = opened()
    assert made.post(b"x" * 131_072, STAMP.at, 0)[0].status == 200
    assert made.post(b"x" * 131_073, STAMP.at, 0)[0].status == 413
    assert made.post(b"x", STAMP.at, 10 * 1024 * 1024)[0].status == 429


def test_get_tells_times_and_identity() -> None:
    made = opened()
    made.text_received("hi", later(2000))
    body = json.loads(made.describe().body)
    assert set(body) == {"connectedAt", "lastActiveAt", "identity"}
    assert body["lastActiveAt"] > body["connectedAt"]


def test_delete_closes_with_1000_once() -> None:
    made = opened()
    response, actions = made.delete(STAMP)
    assert response.status == 204
    assert actions[0] == CloseSocket(1000, "Connection Closed Normally")
    assert made.delete(STAMP)[0].status == 410


@given(factor=st.floats(min_value=1, max_value=10_000))
def test_warped_limits_arrive_sooner(factor: float) -> None:
    warped = Limits().warped(factor)
    assert warped.idle_ms * factor == pytest.approx(Limits().idle_ms)
    assert warped.message_bytes == Limits().message_bytes
