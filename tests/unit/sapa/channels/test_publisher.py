"""Publishing: what is accepted, in which order it is made safe, and what is refused."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from sapa.channels.channel import Event
from sapa.channels.fan_out_task import Dispatch, json_text
from sapa.channels.publisher import Publisher, event_content
from sapa.connections.frames import MAX_FRAME_BYTES
from sapa.errors import QueueError, StoreError
from sapa.refusals import ChannelNameError, PayloadError, PayloadTooLargeError
from tests.unit.sapa.channels.publishing_fakes import InMemoryChannelLog, InMemoryQueue

NOW = 1_700_000_000_123


@dataclass
class Desk:
    """A publisher and what it works with."""

    steps: list[str] = field(default_factory=list)
    retention_seconds: int = 3600
    unkept_prefixes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.log = InMemoryChannelLog(self.steps)
        self.queue = InMemoryQueue(self.steps)
        self.publisher = Publisher(
            log=self.log,
            queue=self.queue,
            clock=lambda: NOW,
            retention_seconds=self.retention_seconds,
            unkept_prefixes=self.unkept_prefixes,
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_event_is_numbered_kept_and_queued_before_it_is_accepted(desk: Desk) -> None:
    event = desk.publisher.publish("chat:lobby", {"message": "Hai"}, publisher="ana", exclude="c1")
    assert desk.steps == ["number", "keep", "queue"]
    assert event == Event(
        channel="chat:lobby", sequence=1, sent_at=NOW, payload={"message": "Hai"}, publisher="ana"
    )
    assert desk.log.kept == [(event, NOW // 1000 + 3600)]
    [dispatch] = desk.queue.dispatches
    assert (dispatch.channel, dispatch.exclude) == ("chat:lobby", "c1")
    assert dispatch.frame() == (
        '{"$channel":"chat:lobby","$sequence":1,"$sent_at":1700000000123,"message":"Hai"}'
    )


def test_numbers_grow_by_one_in_each_channel(desk: Desk) -> None:
    published = [
        desk.publisher.publish(channel, {}, publisher="ana").sequence for channel in "aabab"
    ]
    assert published == [1, 2, 1, 3, 2]


@pytest.mark.parametrize("broken", ["log", "queue"])
def test_an_event_that_is_not_safe_is_not_accepted(desk: Desk, broken: str) -> None:
    (desk.log if broken == "log" else desk.queue).broken = True
    with pytest.raises((StoreError, QueueError)):
        desk.publisher.publish("chat:lobby", {}, publisher="ana")
    assert desk.queue.dispatches == []


@pytest.mark.parametrize(
    ("channel", "kept"), [("typing:lobby", False), ("chat:typing:", True), ("iot:1", False)]
)
def test_channels_with_an_unkept_prefix_have_no_history(channel: str, kept: bool) -> None:
    desk = Desk(unkept_prefixes=("typing:", "iot:"))
    assert desk.publisher.publish(channel, {}, publisher="ana").sequence == 1
    assert ("keep" in desk.steps) is kept
    assert len(desk.queue.dispatches) == 1


def test_without_retention_nothing_is_kept() -> None:
    desk = Desk(retention_seconds=0)
    desk.publisher.publish("chat:lobby", {}, publisher="ana")
    assert desk.steps == ["number", "queue"]


def test_presence_is_announced_without_number_and_history(desk: Desk) -> None:
    desk.publisher.announce("chat:lobby", "joined", "ana")
    desk.publisher.announce("user:ana", "joined", "ana")
    assert desk.steps == ["queue"]
    assert desk.queue.dispatches[0].content == {
        "$channel": "chat:lobby",
        "$sent_at": NOW,
        "$presence": {"joined": "ana"},
    }


@pytest.mark.parametrize("channel", ["", "a b", "x" * 129, "chat#1", "chat\n"])
def test_what_is_no_channel_is_refused(desk: Desk, channel: str) -> None:
    with pytest.raises(ChannelNameError):
        desk.publisher.publish(channel, {}, publisher="ana")
    assert desk.steps == []


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
    ],
)
def test_what_is_no_json_object_is_refused(desk: Desk, payload: Any) -> None:
    with pytest.raises(PayloadError):
        desk.publisher.publish("chat:lobby", payload, publisher="ana")
    assert desk.steps == []


def test_reserved_keys_are_named(desk: Desk) -> None:
    with pytest.raises(PayloadError) as refused:
        desk.publisher.publish("chat:lobby", {"$sequence": 9, "a": 1, "$x": 0}, publisher="ana")
    assert refused.value.fields is not None
    assert list(refused.value.fields) == ["$sequence", "$x"]


def test_the_largest_frame_is_the_management_apis(desk: Desk) -> None:
    longest = {"$channel": "c", "$sequence": 2**53, "$sent_at": 2**53, "text": ""}
    room = MAX_FRAME_BYTES - len(json_text(longest))
    desk.publisher.publish("c", {"text": "x" * room}, publisher="ana")
    desk.publisher.publish("c", {"text": "é" * (room // 2)}, publisher="ana")
    for text in ("x" * (room + 1), "é" * (room // 2 + 1), "\uffff" * (room // 6 + 1)):
        with pytest.raises(PayloadTooLargeError):
            desk.publisher.publish("c", {"text": text}, publisher="ana")
    assert all(len(one.frame().encode()) <= MAX_FRAME_BYTES for one in desk.queue.dispatches)


def test_what_sqs_refuses_is_escaped_and_arrives() -> None:
    event = Event(
        channel="c", sequence=1, sent_at=NOW, payload={"a": "\ufffe\uffff\x00"}, publisher="ana"
    )
    dispatch = Dispatch(channel="c", content=event_content(event))
    body = dispatch.to_json()
    assert not {"\ufffe", "\uffff", "\x00"} & set(body)
    assert Dispatch.of_json(body) == dispatch
