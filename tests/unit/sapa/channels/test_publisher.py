"""Publishing: what is accepted, in which order it is made safe, and what is refused."""

from typing import Any

import pytest

from sapa.channels.channel import ChannelEvent, json_text
from sapa.connections.frames import MAX_FRAME_BYTES
from sapa.errors import (
    ChannelNameError,
    PayloadError,
    PayloadTooLargeError,
    QueueError,
    StoreError,
)
from tests.unit.sapa.fakes import FakeServices

NOW = 1_700_000_000_123


@pytest.fixture
def services() -> FakeServices:
    return publishing()


def publishing(**environment: str) -> FakeServices:
    """Services whose log and queue write down their steps together."""
    services = FakeServices(tick=0, **environment)
    services.now = NOW
    services.queue.steps = services.log.steps
    return services


def test_an_event_is_numbered_kept_and_queued_before_it_is_accepted(services: FakeServices) -> None:
    event = services.publisher.publish(
        "chat:lobby", {"message": "Hai"}, publisher="ana", exclude="c1"
    )
    assert services.log.steps == ["number", "keep", "queue"]
    assert event == ChannelEvent(
        channel="chat:lobby", sequence=1, sent_at=NOW, payload={"message": "Hai"}, publisher="ana"
    )
    assert services.log.kept == {"chat:lobby": {1: (event, NOW // 1000 + 3600)}}
    [task] = services.queue.tasks
    assert (task.channel, task.exclude) == ("chat:lobby", "c1")
    assert task.frame() == (
        '{"$channel":"chat:lobby","$sequence":1,"$sent_at":1700000000123,"message":"Hai"}'
    )


def test_numbers_grow_by_one_in_each_channel(services: FakeServices) -> None:
    published = [
        services.publisher.publish(channel, {}, publisher="ana").sequence for channel in "aabab"
    ]
    assert published == [1, 2, 1, 3, 2]


@pytest.mark.parametrize("broken", ["log", "queue"])
def test_an_event_that_is_not_safe_is_not_accepted(services: FakeServices, broken: str) -> None:
    (services.log if broken == "log" else services.queue).broken = True
    with pytest.raises((StoreError, QueueError)):
        services.publisher.publish("chat:lobby", {}, publisher="ana")
    assert services.queue.tasks == []


@pytest.mark.parametrize(
    ("channel", "kept"), [("typing:lobby", False), ("chat:typing:", True), ("iot:1", False)]
)
def test_channels_with_an_unkept_prefix_have_no_history(channel: str, kept: bool) -> None:
    services = publishing(HISTORY_OFF_PREFIXES="typing:, iot:")
    assert services.publisher.publish(channel, {}, publisher="ana").sequence == 1
    assert ("keep" in services.log.steps) is kept
    assert len(services.queue.tasks) == 1


def test_without_retention_nothing_is_kept() -> None:
    services = publishing(HISTORY_RETENTION_SECONDS="0")
    services.publisher.publish("chat:lobby", {}, publisher="ana")
    assert services.log.steps == ["number", "queue"]


def test_presence_is_announced_without_number_and_history(services: FakeServices) -> None:
    services.publisher.announce("chat:lobby", "joined", "ana")
    services.publisher.announce("user:ana", "joined", "ana")
    assert services.log.steps == ["queue"]
    assert services.queue.tasks[0].content == {
        "$channel": "chat:lobby",
        "$sent_at": NOW,
        "$presence": {"joined": "ana"},
    }


@pytest.mark.parametrize("channel", ["", "a b", "x" * 129, "chat#1", "chat\n"])
def test_what_is_no_channel_is_refused(services: FakeServices, channel: str) -> None:
    with pytest.raises(ChannelNameError):
        services.publisher.publish(channel, {}, publisher="ana")
    assert services.log.steps == []


_LOOP: dict[str, Any] = {}
_LOOP["loop"] = _LOOP
_DEEP: list[Any] = []
for _ in range(50_000):
    _DEEP = [_DEEP]


@pytest.mark.parametrize(
    "payload",
    [
        ["a"],
        "text",
        None,
        {1: "a number"},
        {"a": float("nan")},
        {"a": {1, 2}},
        {"a": b"bytes"},
        {"a": "\ud800"},
        _LOOP,
        {"deep": _DEEP},
        {"twice": {1: "a", "1": "b"}},
    ],
)
def test_what_is_no_json_object_is_refused(services: FakeServices, payload: Any) -> None:
    with pytest.raises(PayloadError):
        services.publisher.publish("chat:lobby", payload, publisher="ana")
    assert services.log.steps == []


def test_reserved_keys_are_named(services: FakeServices) -> None:
    with pytest.raises(PayloadError) as refused:
        services.publisher.publish("chat:lobby", {"$sequence": 9, "a": 1, "$x": 0}, publisher="ana")
    assert refused.value.fields is not None
    assert list(refused.value.fields) == ["$sequence", "$x"]


def test_the_largest_frame_is_the_management_apis(services: FakeServices) -> None:
    longest = {"$channel": "c", "$sequence": 2**53, "$sent_at": 2**53, "text": ""}
    room = MAX_FRAME_BYTES - len(json_text(longest))
    services.publisher.publish("c", {"text": "x" * room}, publisher="ana")
    services.publisher.publish("c", {"text": "é" * (room // 2)}, publisher="ana")
    for text in ("x" * (room + 1), "é" * (room // 2 + 1), "\uffff" * (room // 6 + 1)):
        with pytest.raises(PayloadTooLargeError):
            services.publisher.publish("c", {"text": text}, publisher="ana")
    assert all(len(each.frame().encode()) <= MAX_FRAME_BYTES for each in services.queue.tasks)
