"""Messages that happen once."""

import json
from typing import Any

import pytest

from sapa.errors import RefusedError
from sapa.messages.once import CLAIM_SECONDS, once_key
from sapa.messages.replies import Reply, answer
from sapa.processes.business_process import Context, business_process
from tests.unit.sapa.fakes import Client, FakeServices

RAN: list[int] = []


@business_process
def process(context: Context, number: int = 1) -> dict[str, int]:
    """Counts how often it ran, and joins a room."""
    RAN.append(number)
    if number < 0:
        raise RefusedError("Not below zero.")
    if number > 100:
        raise RuntimeError
    context.join("room:new")
    context.leave("room:old")
    return {"runs": len(RAN)}


@pytest.fixture(autouse=True)
def ran() -> None:
    RAN.clear()


@pytest.fixture
def services() -> FakeServices:
    return FakeServices(tick=0)


def ask(client: Client, **message: Any) -> list[dict[str, Any]]:
    reply: Reply = answer(json.dumps(message), client.event, client.services, lambda _: process)
    return [json.loads(frame) for frame in reply.frames]


def test_a_repetition_gets_the_same_frames_under_its_own_id(services: FakeServices) -> None:
    ana = services.connect("ana", "c1")
    first = ask(ana, **{"$once": "k", "$id": 1})
    again = ask(ana, **{"$once": "k", "$id": 2})
    assert first == [{"$joined": {"room:new": 0}}, {"runs": 1, "$id": 1}]
    assert again == [{"$joined": {"room:new": 0}}, {"runs": 1, "$id": 2}]
    assert RAN == [1]


def test_messages_without_it_run_each_time(services: FakeServices) -> None:
    ana = services.connect("ana", "c1")
    ask(ana)
    ask(ana)
    assert RAN == [1, 1]


def test_keys_belong_to_a_login_and_an_endpoint(services: FakeServices) -> None:
    clients = [
        services.connect("ana", "c1", "s1", "chat"),
        services.connect("ana", "c2", "s2", "chat"),
        services.connect("ana", "c3", "s1", "game"),
    ]
    for client in clients:
        ask(client, **{"$once": "k"})
    ask(clients[0], **{"$once": "other"})
    assert len(RAN) == 4


def test_another_message_under_the_same_key_is_refused(services: FakeServices) -> None:
    ana = services.connect("ana", "c1")
    ask(ana, **{"$once": "k", "number": 1})
    [refused] = ask(ana, **{"$once": "k", "number": 2, "$id": 5})
    assert refused["error"]["code"] == "invalid_message"
    assert list(refused["error"]["fields"]) == ["$once"]
    assert refused["$id"] == 5
    assert RAN == [1]


def test_a_message_that_runs_is_in_progress(services: FakeServices) -> None:
    ana = services.connect("ana", "c1")
    key = once_key(ana.event, "k")
    services.once.earlier(key, {"number": 1})
    [refused] = ask(ana, **{"$once": "k", "number": 1})
    assert refused["error"]["code"] == "in_progress"
    assert refused["error"]["retry_after_ms"] > 0
    services.now += CLAIM_SECONDS * 1000
    assert ask(ana, **{"$once": "k", "number": 1})[-1] == {"runs": 1}


def test_refusals_of_the_process_are_kept(services: FakeServices) -> None:
    ana = services.connect("ana", "c1")
    first = ask(ana, **{"$once": "k", "number": -1})
    assert ask(ana, **{"$once": "k", "number": -1}) == first
    assert first[0]["error"]["code"] == "refused"
    assert RAN == [-1]


def test_what_was_not_answered_may_be_tried_again(services: FakeServices) -> None:
    ana = services.connect("ana", "c1")
    for _ in range(2):
        [failed] = ask(ana, **{"$once": "k", "number": 101})
        assert failed["error"]["code"] == "process_failed"
        [wrong] = ask(ana, **{"$once": "k", "number": "x"})
        assert wrong["error"]["code"] == "invalid_message"
    assert RAN == [101, 101]
    assert ask(ana, **{"$once": "k", "number": 1})[-1] == {"runs": 3}


def test_a_repetition_elsewhere_leaves_the_socket_where_the_first_run_did(
    services: FakeServices,
) -> None:
    first, second = services.connect("ana", "c1"), services.connect("ana", "c2")
    second.join("room:old")
    ask(first, **{"$once": "k"})
    assert ask(second, **{"$once": "k"})[0] == {"$joined": {"room:new": 0}}
    assert second.channels == {"user:ana", "room:new"}
    assert RAN == [1]


def test_a_channel_that_was_left_since_is_not_joined_again(services: FakeServices) -> None:
    first, second = services.connect("ana", "c1"), services.connect("ana", "c2")
    ask(first, **{"$once": "k"})
    first.context.leave("room:new")
    assert ask(second, **{"$once": "k"}) == [{"runs": 1}]
    assert second.channels == {"user:ana"}
