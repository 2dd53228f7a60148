"""Events from outside, over real sockets: signed requests and the bus, to every open page."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.e2e.client import ask, log_in, open_socket
from tests.e2e.targets import Target

SIXTY_FOUR_KIB = "x" * 65_536


@pytest.fixture
def sockets(target: Target) -> Iterator[list[ClientConnection]]:
    """Three open pages of the user, each known to have arrived."""
    token = log_in(target.base_url, target.username, target.password)
    with ExitStack() as stack:
        opened = [stack.enter_context(open_socket(target.socket_url, token)) for _ in range(3)]
        for socket in opened:
            assert ask(socket, {"$ping": 1}) == {"$pong": 1}
        yield opened


def received(socket: ClientConnection) -> dict[str, Any]:
    """The next frame without its time, which is now."""
    frame = json.loads(socket.recv(timeout=30))
    assert abs(frame.pop("$sent_at") / 1000 - time.time()) < 60
    assert isinstance(frame, dict)
    return frame


def test_what_is_pushed_to_a_user_reaches_all_their_pages(
    target: Target, sockets: list[ClientConnection]
) -> None:
    channel = f"user:{target.username}"
    answer = target.publish(channel, {"text": "Halo! 👋", "big": SIXTY_FOUR_KIB})
    assert answer.status == 202
    accepted = answer.json()
    assert accepted["channel"] == channel
    expected = {
        "$channel": channel,
        "$sequence": accepted["sequence"],
        "text": "Halo! 👋",
        "big": SIXTY_FOUR_KIB,
    }
    assert [received(socket) for socket in sockets] == [expected] * 3


def test_the_order_can_be_restored_and_nothing_is_missing(
    target: Target, sockets: list[ClientConnection]
) -> None:
    channel = f"user:{target.username}"
    accepted = [target.publish(channel, {"number": n}).json()["sequence"] for n in range(10)]
    assert accepted == list(range(accepted[0], accepted[0] + 10))
    for socket in sockets:
        frames = [received(socket) for _ in range(10)]
        frames.sort(key=lambda frame: int(frame["$sequence"]))
        assert [frame["$sequence"] for frame in frames] == accepted
        assert [frame["number"] for frame in frames] == list(range(10))


def test_an_event_of_the_bus_reaches_the_user(
    target: Target, sockets: list[ClientConnection]
) -> None:
    detail = {"channel": f"user:{target.username}", "payload": {"text": "from the bus"}}
    put = target.stack.client("events").put_events(
        Entries=[{"Source": "sapa", "DetailType": "publish", "Detail": json.dumps(detail)}]
    )
    assert put["FailedEntryCount"] == 0
    assert {received(socket)["text"] for socket in sockets} == {"from the bus"}


def test_a_page_that_is_closed_costs_the_others_nothing(
    target: Target, sockets: list[ClientConnection]
) -> None:
    sockets[0].close()
    target.publish(f"user:{target.username}", {"text": "still here"})
    assert [received(socket)["text"] for socket in sockets[1:]] == ["still here"] * 2


def test_without_a_signature_nothing_is_accepted(target: Target) -> None:
    answer = target.publish("chat:lobby", {}, signed=False)
    assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})


def test_what_is_wrong_is_named(target: Target) -> None:
    answer = target.publish("no channel", {"$sequence": 1})
    assert answer.status == 400
    assert set(answer.json()["error"]["fields"]) == {"channel", "payload", "payload.$sequence"}
    assert target.publish("chat:lobby", {"x": 3 * SIXTY_FOUR_KIB}).status == 413
