"""Posting frames, and what becomes of connections that are gone."""

from sapa.connections.sender import deliver
from tests.unit.sapa.fakes import RecordingSender


def test_frames_are_posted_in_order() -> None:
    sender, forgotten = RecordingSender(), list[str]()
    assert deliver(["1", "2"], "a", sender, forgotten.append)
    assert sender.posted == [("a", "1"), ("a", "2")]
    assert forgotten == []


def test_gone_connection_is_forgotten() -> None:
    sender, forgotten = RecordingSender(gone={"a"}), list[str]()
    assert not deliver(["1", "2"], "a", sender, forgotten.append)
    assert sender.posted == []
    assert forgotten == ["a"]


def test_nothing_to_send_is_fine() -> None:
    assert deliver([], "a", RecordingSender(gone={"a"}), list[str]().append)
