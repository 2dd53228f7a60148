"""Coming back after a while."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.channels.resume import ON_ITS_WAY_SECONDS
from sapa.errors import StoreError
from tests.unit.sapa.channel_fakes import InMemoryLog
from tests.unit.sapa.channels.resume_desk import LOBBY, RETENTION, Desk, returning, sequences

# Nothing that was published before is on its way any more.
LATER = ON_ITS_WAY_SECONDS * 1000


@pytest.fixture
def desk() -> Desk:
    """Ana was in the lobby."""
    return returning()


def test_what_was_missed_comes_in_order_then_that_it_is_done(desk: Desk) -> None:
    desk.publish("three", "four")
    frames = desk.resume({LOBBY: 2})
    assert [frame.get("text") for frame in frames[:2]] == ["three", "four"]
    assert set(frames[0]) == {"$channel", "$sequence", "$sent_at", "text"}
    assert sequences(frames) == [3, 4]
    done = frames[2]
    assert (done["$resumed"], done["$id"]) == ({LOBBY: 4}, "r1")
    assert [member["username"] for member in done["$members"][LOBBY]] == ["ana"]
    assert set(done["$members"][LOBBY][0]) == {"username", "since"}
    assert len(frames) == 3


def test_resume_joins_the_new_connection_before_it_reads(desk: Desk) -> None:
    assert not desk.hall.subscriptions.holds(LOBBY, "c2")
    desk.resume({LOBBY: 2})
    assert desk.hall.subscriptions.holds(LOBBY, "c2")
    assert desk.hall.announced[-1] == (LOBBY, "joined", "ana")


def test_nothing_missed_is_told_too(desk: Desk) -> None:
    [done] = desk.resume({LOBBY: 2})
    assert done["$resumed"] == {LOBBY: 2}
    assert desk.resume({}) == [{"$resumed": {}, "$members": {}, "$id": "r1"}]


def test_from_zero_everything_kept_comes(desk: Desk) -> None:
    assert sequences(desk.resume({LOBBY: 0})) == [1, 2]


def test_what_has_expired_is_a_gap(desk: Desk) -> None:
    desk.publish("three", lasts=10)
    desk.hall.now += 20_000
    desk.publish("four")
    desk.log.kept[LOBBY] = {4: desk.log.kept[LOBBY][4]}
    desk.hall.now += LATER
    gap, event, done = desk.resume({LOBBY: 1})
    assert gap == {"$gap": {LOBBY: {"from": 2, "to": 3}}}
    assert event["$sequence"] == 4
    assert done["$resumed"] == {LOBBY: 4}
    desk.log.kept.clear()
    gap, done = desk.resume({LOBBY: 3})
    assert gap == {"$gap": {LOBBY: {"from": 4, "to": 4}}}
    assert done["$resumed"] == {LOBBY: 4}


def test_what_is_being_stored_is_no_gap(desk: Desk) -> None:
    desk.join("c2", "ana", "chat:new")
    desk.publish("being stored", channel="chat:new", kept=False)
    [done] = desk.resume({"chat:new": 0})
    assert done["$resumed"] == {"chat:new": 1}
    desk.publish("faster", channel="chat:new")
    event, done = desk.resume({"chat:new": 0})
    assert event["$sequence"] == 2
    assert done["$resumed"] == {"chat:new": 2}


def test_what_its_publisher_never_stored_is_a_gap_in_the_end(desk: Desk) -> None:
    desk.join("c2", "ana", "chat:new")
    desk.publish("lost", channel="chat:new", kept=False)
    desk.hall.now += LATER
    gap, done = desk.resume({"chat:new": 0})
    assert gap == {"$gap": {"chat:new": {"from": 1, "to": 1}}}
    desk.publish("kept", channel="chat:new")
    desk.hall.now += LATER
    gap, event, done = desk.resume({"chat:new": 0})
    assert gap == {"$gap": {"chat:new": {"from": 1, "to": 1}}}
    assert (event["$sequence"], done["$resumed"]) == (2, {"chat:new": 2})


def test_number_without_event_is_no_gap_while_the_history_reaches_back(desk: Desk) -> None:
    desk.publish("lost by its publisher", kept=False)
    desk.publish("four")
    desk.publish("still being stored", kept=False)
    event, done = desk.resume({LOBBY: 2})
    assert event["$sequence"] == 4
    assert done["$resumed"] == {LOBBY: 4}


def test_channel_without_history_is_a_gap(desk: Desk) -> None:
    desk.join("c2", "ana", "typing:lobby")
    desk.publish("…", "…", channel="typing:lobby", kept=False)
    gap, done = desk.resume({"typing:lobby": 1})
    assert gap == {"$gap": {"typing:lobby": {"from": 2, "to": 2}}}
    assert done["$resumed"] == {"typing:lobby": 2}
    [done] = desk.resume({"typing:lobby": 2})
    assert done["$resumed"] == {"typing:lobby": 2}


def test_position_that_was_never_reached_is_corrected(desk: Desk) -> None:
    [done] = desk.resume({LOBBY: 99})
    assert done["$resumed"] == {LOBBY: 2}


def test_channel_of_others_stays_closed_and_the_rest_is_resumed(desk: Desk) -> None:
    desk.join("c3", "ben", "secret:ben")
    desk.publish("secret", channel="secret:ben")
    desk.publish("to ben", channel="user:ben")
    frames = desk.resume({"secret:ben": 0, LOBBY: 2, "user:ben": 0, "user:ana": 0})
    error, done = frames
    assert error["error"]["code"] == "forbidden_channel"
    assert set(error["error"]["fields"]) == {"secret:ben", "user:ben"}
    assert error["$id"] == "r1"
    assert done["$resumed"] == {LOBBY: 2, "user:ana": 0}
    assert set(done["$members"]) == {LOBBY}
    assert "secret" not in json.dumps(frames).replace("secret:ben", "")


def test_other_login_of_the_same_kind_may_not_resume(desk: Desk) -> None:
    error, done = desk.resume({LOBBY: 0}, "ben")
    assert error["error"]["code"] == "forbidden_channel"
    assert done["$resumed"] == {}


def test_who_left_is_not_let_in_by_a_resume(desk: Desk) -> None:
    desk.join("c2", "ana")
    desk.membership.leave(desk.hall.subscriber("c2", "ana", "session of ana"), LOBBY)
    desk.publish("after that")
    error, done = desk.resume({LOBBY: 2})
    assert error["error"]["code"] == "forbidden_channel"
    assert done["$resumed"] == {}


def test_own_channel_needs_no_join(desk: Desk) -> None:
    desk.publish("to ana", channel="user:ana")
    assert sequences(desk.resume({"user:ana": 0}), "user:ana") == [1]


def test_wrong_names_and_too_many_channels_are_told_by_code(desk: Desk) -> None:
    desk.hall.max_channels = 1
    desk.membership = desk.hall.membership()
    for channel in (LOBBY, "b"):
        desk.hall.permits.grant("session of ana", channel, 2**40)
    frames = desk.resume({"no channel": 1, LOBBY: 2, "b": 1})
    errors = {frame["error"]["code"]: frame["error"]["fields"] for frame in frames[:-1]}
    assert errors.keys() == {"invalid_channel", "too_many_channels"}
    assert set(errors["too_many_channels"]) == {"b"}
    assert frames[-1]["$resumed"] == {LOBBY: 2}


def test_failing_store_is_an_error(desk: Desk) -> None:
    class Broken(InMemoryLog):
        def last_sequence(self, channel: str) -> int:
            raise StoreError("channels", "InternalServerError")

    desk.log = Broken()
    with pytest.raises(StoreError):
        desk.resume({LOBBY: 5})


@given(
    kept=st.lists(st.booleans(), max_size=30),
    expired=st.integers(0, 30),
    position=st.integers(0, 35),
)
def test_events_and_gap_together_are_all_that_was_accepted(
    kept: list[bool], expired: int, position: int
) -> None:
    desk = Desk()
    desk.join("c2", "ana")
    for index, is_kept in enumerate(kept):
        desk.publish("x", kept=is_kept, lasts=0 if index < expired else RETENTION)
    desk.hall.now += LATER
    accepted = {number for number, is_kept in enumerate(kept, start=1) if is_kept}
    frames = desk.resume({LOBBY: position})
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
