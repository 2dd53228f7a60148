"""However much was missed, the answer to a resume has a size."""

import json

from sapa.channels.resume import MAX_BYTES, MAX_EVENTS, MAX_MEMBERS
from sapa.connections.frames import MAX_FRAME_BYTES
from tests.unit.sapa.channels.resume_desk import LOBBY, returning, sequences


def test_much_comes_in_parts_that_say_where_to_go_on() -> None:
    desk = returning()
    desk.publish(*["x"] * (MAX_EVENTS + 5))
    desk.join("c2", "ana", "b")
    desk.publish("y", channel="b")
    first = desk.resume({LOBBY: 2, "b": 0})
    assert sequences(first) == list(range(3, MAX_EVENTS + 3))
    done = first[-1]
    assert done["$resumed"] == {LOBBY: MAX_EVENTS + 2, "b": 0}
    assert done["$more"] == {LOBBY: MAX_EVENTS + 7, "b": 1}
    second = desk.resume(done["$resumed"])
    assert sequences(second) == list(range(MAX_EVENTS + 3, MAX_EVENTS + 8))
    assert sequences(second, "b") == [1]
    assert "$more" not in second[-1]


def test_large_events_come_in_parts_too() -> None:
    desk = returning()
    text = "x" * (MAX_FRAME_BYTES - 200)
    desk.publish(*[text] * (MAX_BYTES // len(text) + 3))
    seen: list[int] = []
    positions, rounds = {LOBBY: 2}, 0
    while True:
        frames = desk.resume(positions)
        assert sum(len(json.dumps(frame)) for frame in frames) < 2 * MAX_BYTES
        seen += sequences(frames)
        positions, rounds = frames[-1]["$resumed"], rounds + 1
        if "$more" not in frames[-1]:
            break
    assert seen == list(range(3, desk.log.last_sequence(LOBBY) + 1))
    assert rounds == 2


def test_members_of_large_channels_are_left_out() -> None:
    desk = returning()
    for number in range(MAX_MEMBERS):
        desk.connect(f"m{number}", f"user{number}")
        desk.join(f"m{number}", f"user{number}")
    done = desk.resume({LOBBY: 2})[-1]
    assert (done["$resumed"], done["$members"]) == ({LOBBY: 2}, {})


def test_members_fit_into_the_frame() -> None:
    desk = returning()
    for channel in (f"room:{number}" for number in range(40)):
        for name in range(20):
            username = f"{'x' * 120}{name}"
            desk.connect(username, username)
            desk.join(username, username, channel)
        desk.join("c2", "ana", channel)
    positions = {f"room:{number}": 0 for number in range(40)}
    done = desk.resume(positions)[-1]
    assert done["$resumed"] == positions
    assert 0 < len(done["$members"]) < 40
    assert len(json.dumps(done).encode()) < MAX_FRAME_BYTES
