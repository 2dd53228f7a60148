"""Resume after a while."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.answers.answer import AnswerPart
from sapa.channels.channel import ChannelEvent
from sapa.channels.resume import MAX_BYTES, MAX_EVENTS, MAX_MEMBERS, SETTLING_SECONDS
from sapa.connections.frames import MAX_FRAME_BYTES
from sapa.errors import StoreError
from tests.unit.sapa.fakes import Client, FakeServices, InMemoryChannelLog

LOBBY = "chat:lobby"
RETENTION = 86_400
# Nothing that was published before is still being stored.
LATER = SETTLING_SECONDS * 1000


class Reconnect(FakeServices):
    """Ana was in some channels with `c1` and reconnects with `c2`; ben has `c3`."""

    def __init__(self, max_channels: int = 50) -> None:
        super().__init__(
            HISTORY_OFF_PREFIXES="typing:", MAX_CHANNELS_PER_CONNECTION=str(max_channels)
        )
        for connection_id, username in (("c1", "ana"), ("c2", "ana"), ("c3", "ben")):
            self.open(connection_id, username)

    def open(self, connection_id: str, username: str) -> Client:
        """Open a connection in the user's own login session."""
        return self.connect(username, connection_id, f"session of {username}")

    def join(self, connection_id: str, channel: str = LOBBY) -> None:
        """Let a connection into a channel."""
        self.clients[connection_id].join(channel)

    def publish(
        self, *texts: str, channel: str = LOBBY, kept: bool = True, lasts: int = RETENTION
    ) -> None:
        """Accept events; those that are not `kept` have only a number."""
        for text in texts:
            now = self.time()
            event = ChannelEvent(
                channel=channel,
                sequence=self.log.next_sequence(channel, now // 1000),
                sent_at=now,
                payload={"text": text},
                publisher="ben",
            )
            if kept:
                self.log.append(event, now // 1000 + lasts)

    def resume(self, positions: dict[str, int], connection_id: str = "c2") -> list[dict[str, Any]]:
        """The frames that answer a `$resume`."""
        subscriber = self.clients[connection_id].subscriber
        return [json.loads(frame) for frame in self.resumer.frames(subscriber, positions, "r1")]


def was_in_lobby() -> Reconnect:
    """Ana was in the lobby with her first connection, which is closed."""
    services = Reconnect()
    services.join("c1")
    services.publish("one", "two")
    services.clients["c1"].close()
    return services


def sequences(frames: list[dict[str, Any]], channel: str = LOBBY) -> list[int]:
    """The numbers of a channel's events, as they come."""
    return [frame["$sequence"] for frame in frames if frame.get("$channel") == channel]


@pytest.fixture
def services() -> Reconnect:
    return was_in_lobby()


def test_what_was_missed_comes_in_order_then_that_it_is_done(services: Reconnect) -> None:
    services.publish("three", "four")
    frames = services.resume({LOBBY: 2})
    assert [frame.get("text") for frame in frames[:2]] == ["three", "four"]
    assert set(frames[0]) == {"$channel", "$sequence", "$sent_at", "text"}
    assert sequences(frames) == [3, 4]
    done = frames[2]
    assert (done["$resumed"], done["$id"]) == ({LOBBY: 4}, "r1")
    assert [member["username"] for member in done["$members"][LOBBY]] == ["ana"]
    assert set(done["$members"][LOBBY][0]) == {"username", "since"}
    assert len(frames) == 3


def test_resume_joins_the_new_connection_before_it_reads(services: Reconnect) -> None:
    assert not services.subscription_store.contains(LOBBY, "c2")
    services.resume({LOBBY: 2})
    assert services.subscription_store.contains(LOBBY, "c2")
    assert services.announced[-1] == (LOBBY, "joined", "ana")


def test_nothing_missed_is_told_too(services: Reconnect) -> None:
    [done] = services.resume({LOBBY: 2})
    assert done["$resumed"] == {LOBBY: 2}
    assert services.resume({}) == [{"$resumed": {}, "$members": {}, "$id": "r1"}]


def test_from_zero_everything_kept_comes(services: Reconnect) -> None:
    assert sequences(services.resume({LOBBY: 0})) == [1, 2]


def test_what_has_expired_is_a_gap(services: Reconnect) -> None:
    services.publish("three", lasts=10)
    services.now += 20_000
    services.publish("four")
    services.log.kept[LOBBY] = {4: services.log.kept[LOBBY][4]}
    services.now += LATER
    gap, event, done = services.resume({LOBBY: 1})
    assert gap == {"$gap": {LOBBY: {"from": 2, "to": 3}}}
    assert event["$sequence"] == 4
    assert done["$resumed"] == {LOBBY: 4}
    services.log.kept.clear()
    gap, done = services.resume({LOBBY: 3})
    assert gap == {"$gap": {LOBBY: {"from": 4, "to": 4}}}
    assert done["$resumed"] == {LOBBY: 4}


def test_what_is_being_stored_is_no_gap(services: Reconnect) -> None:
    services.join("c2", "chat:new")
    services.publish("being stored", channel="chat:new", kept=False)
    [done] = services.resume({"chat:new": 0})
    assert done["$resumed"] == {"chat:new": 1}
    services.publish("faster", channel="chat:new")
    event, done = services.resume({"chat:new": 0})
    assert event["$sequence"] == 2
    assert done["$resumed"] == {"chat:new": 2}


def test_what_its_publisher_never_stored_is_a_gap_in_the_end(services: Reconnect) -> None:
    services.join("c2", "chat:new")
    services.publish("lost", channel="chat:new", kept=False)
    services.now += LATER
    gap, done = services.resume({"chat:new": 0})
    assert gap == {"$gap": {"chat:new": {"from": 1, "to": 1}}}
    services.publish("kept", channel="chat:new")
    services.now += LATER
    gap, event, done = services.resume({"chat:new": 0})
    assert gap == {"$gap": {"chat:new": {"from": 1, "to": 1}}}
    assert (event["$sequence"], done["$resumed"]) == (2, {"chat:new": 2})


def test_number_without_event_is_no_gap_while_the_history_reaches_back(services: Reconnect) -> None:
    services.publish("lost by its publisher", kept=False)
    services.publish("four")
    services.publish("still being stored", kept=False)
    event, done = services.resume({LOBBY: 2})
    assert event["$sequence"] == 4
    assert done["$resumed"] == {LOBBY: 4}


def test_channel_without_history_is_a_gap(services: Reconnect) -> None:
    services.join("c2", "typing:lobby")
    services.publish("…", "…", channel="typing:lobby", kept=False)
    gap, done = services.resume({"typing:lobby": 1})
    assert gap == {"$gap": {"typing:lobby": {"from": 2, "to": 2}}}
    assert done["$resumed"] == {"typing:lobby": 2}
    [done] = services.resume({"typing:lobby": 2})
    assert done["$resumed"] == {"typing:lobby": 2}


def test_position_that_was_never_reached_is_corrected(services: Reconnect) -> None:
    [done] = services.resume({LOBBY: 99})
    assert done["$resumed"] == {LOBBY: 2}


def test_channel_of_others_stays_closed_and_the_rest_is_resumed(services: Reconnect) -> None:
    services.join("c3", "secret:ben")
    services.publish("secret", channel="secret:ben")
    services.publish("to ben", channel="user:ben")
    frames = services.resume({"secret:ben": 0, LOBBY: 2, "user:ben": 0, "user:ana": 0})
    error, done = frames
    assert error["error"]["code"] == "forbidden_channel"
    assert set(error["error"]["fields"]) == {"secret:ben", "user:ben"}
    assert error["$id"] == "r1"
    assert done["$resumed"] == {LOBBY: 2, "user:ana": 0}
    assert set(done["$members"]) == {LOBBY}
    assert "secret" not in json.dumps(frames).replace("secret:ben", "")


def test_other_login_of_the_same_kind_may_not_resume(services: Reconnect) -> None:
    error, done = services.resume({LOBBY: 0}, "c3")
    assert error["error"]["code"] == "forbidden_channel"
    assert done["$resumed"] == {}


def test_who_left_is_not_let_in_by_a_resume(services: Reconnect) -> None:
    services.join("c2")
    services.clients["c2"].leave(LOBBY)
    services.publish("after that")
    error, done = services.resume({LOBBY: 2})
    assert error["error"]["code"] == "forbidden_channel"
    assert done["$resumed"] == {}


def test_own_channel_needs_no_join(services: Reconnect) -> None:
    services.publish("to ana", channel="user:ana")
    assert sequences(services.resume({"user:ana": 0}), "user:ana") == [1]


def test_wrong_names_and_too_many_channels_are_reported_by_code() -> None:
    services = Reconnect(max_channels=1)
    services.publish("one", "two")
    for channel in (LOBBY, "b"):
        services.session_channels.add("session of ana", channel, 2**40)
    frames = services.resume({"no channel": 1, LOBBY: 2, "b": 1})
    errors = {frame["error"]["code"]: frame["error"]["fields"] for frame in frames[:-1]}
    assert errors.keys() == {"invalid_channel", "too_many_channels"}
    assert set(errors["too_many_channels"]) == {"b"}
    assert frames[-1]["$resumed"] == {LOBBY: 2}


def test_failing_store_is_an_error(services: Reconnect) -> None:
    class Broken(InMemoryChannelLog):
        def last_sequence(self, channel: str) -> int:
            raise StoreError("channels", "InternalServerError")

    services.channel_log = Broken()
    with pytest.raises(StoreError):
        services.resume({LOBBY: 5})


@given(
    kept=st.lists(st.booleans(), max_size=30),
    expired=st.integers(0, 30),
    position=st.integers(0, 35),
)
def test_events_and_gap_together_are_all_that_was_accepted(
    kept: list[bool], expired: int, position: int
) -> None:
    services = Reconnect()
    services.join("c2")
    for index, is_kept in enumerate(kept):
        services.publish("x", kept=is_kept, lasts=0 if index < expired else RETENTION)
    services.now += LATER
    accepted = {number for number, is_kept in enumerate(kept, start=1) if is_kept}
    frames = services.resume({LOBBY: position})
    gap = frames[0].get("$gap", {}).get(LOBBY, {"from": 1, "to": 0})
    lost = set(range(gap["from"], gap["to"] + 1))
    came = sequences(frames)
    assert came == sorted(set(came))
    assert {number for number in accepted if number > position} <= {*came, *lost}
    assert not lost & set(came)
    assert all(number > position for number in (*came, *lost))
    reached = frames[-1]["$resumed"][LOBBY]
    assert reached >= max((*came, *lost), default=0)
    assert reached <= max(len(kept), position)


def test_much_comes_in_parts_that_say_where_to_go_on() -> None:
    services = was_in_lobby()
    services.publish(*["x"] * (MAX_EVENTS + 5))
    services.join("c2", "b")
    services.publish("y", channel="b")
    first = services.resume({LOBBY: 2, "b": 0})
    assert sequences(first) == list(range(3, MAX_EVENTS + 3))
    done = first[-1]
    assert done["$resumed"] == {LOBBY: MAX_EVENTS + 2, "b": 0}
    assert done["$more"] == {LOBBY: MAX_EVENTS + 7, "b": 1}
    second = services.resume(done["$resumed"])
    assert sequences(second) == list(range(MAX_EVENTS + 3, MAX_EVENTS + 8))
    assert sequences(second, "b") == [1]
    assert "$more" not in second[-1]


def test_large_events_come_in_parts_too() -> None:
    services = was_in_lobby()
    text = "x" * (MAX_FRAME_BYTES - 200)
    services.publish(*[text] * (MAX_BYTES // len(text) + 3))
    seen: list[int] = []
    positions, rounds = {LOBBY: 2}, 0
    while True:
        frames = services.resume(positions)
        assert sum(len(json.dumps(frame)) for frame in frames) < 2 * MAX_BYTES
        seen += sequences(frames)
        positions, rounds = frames[-1]["$resumed"], rounds + 1
        if "$more" not in frames[-1]:
            break
    assert seen == list(range(3, services.log.last_sequence(LOBBY) + 1))
    assert rounds == 2


def test_members_of_large_channels_are_left_out() -> None:
    services = was_in_lobby()
    for number in range(MAX_MEMBERS):
        services.open(f"m{number}", f"user{number}").join(LOBBY)
    done = services.resume({LOBBY: 2})[-1]
    assert (done["$resumed"], done["$members"]) == ({LOBBY: 2}, {})


def test_members_fit_into_the_frame() -> None:
    services = was_in_lobby()
    for channel in (f"room:{number}" for number in range(40)):
        for name in range(20):
            username = f"{'x' * 120}{name}"
            services.open(username, username).join(channel)
        services.join("c2", channel)
    positions = {f"room:{number}": 0 for number in range(40)}
    done = services.resume(positions)[-1]
    assert done["$resumed"] == positions
    assert 0 < len(done["$members"]) < 40
    assert len(json.dumps(done).encode()) < MAX_FRAME_BYTES


def answered(services: Reconnect, *texts: str) -> str:
    """An answer of ana with these parts; its channel."""
    answer = services.answers.ask(services.clients["c1"].event, {})
    parts = [
        AnswerPart(number=number, sent_at=1, content={"message": text})
        for number, text in enumerate(texts, 1)
    ]
    services.answer_store.append(answer, parts, 0)
    return f"answer:{answer.answer_id}"


def resumed(services: Reconnect, connection_id: str, channel: str, position: int) -> list[Any]:
    """The frames that resume an answer."""
    subscriber = services.clients[connection_id].subscriber
    frames = services.resumer.frames(subscriber, {channel: position}, None)
    return [json.loads(frame) for frame in frames]


def test_an_answer_is_resumed_behind_a_number() -> None:
    services = Reconnect()
    channel = answered(services, "a", "b", "c")
    *parts, done = resumed(services, "c2", channel, 1)
    assert [part["message"] for part in parts] == ["b", "c"]
    assert done == {"$resumed": {channel: 3}, "$members": {}}
    assert resumed(services, "c2", channel, 9) == [done]
    assert resumed(services, "c1", channel, 3) == [done]


def test_another_users_answer_is_forbidden() -> None:
    services = Reconnect()
    channel = answered(services, "a")
    error, done = resumed(services, "c3", channel, 0)
    assert error["error"]["code"] == "forbidden_channel"
    assert list(error["error"]["fields"]) == [channel]
    assert done["$resumed"] == {}


def test_a_long_answer_is_resumed_in_several_parts() -> None:
    services = Reconnect()
    channel = answered(services, *["x" * 100_000] * 60)
    *first, done = resumed(services, "c2", channel, 0)
    assert done["$more"] == {channel: 60}
    assert done["$resumed"] == {channel: len(first)}
    huge = answered(services, "x" * (MAX_BYTES + 1))
    [done] = resumed(services, "c2", huge, 0)
    assert (done["$resumed"], done["$more"]) == ({huge: 0}, {huge: 1})
