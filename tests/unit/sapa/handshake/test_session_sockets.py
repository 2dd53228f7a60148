"""Closing the sockets of sessions that have ended."""

import json
from dataclasses import replace

import pytest

from sapa.connections.connection import OPENING_SECONDS
from sapa.errors import DeliveryError, StoreError
from tests.unit.sapa.fakes import FakeServices, RecordingSender


class Ends(FakeServices):
    """Closes sockets; `opens_after` pauses a handshake is done, `pauses` are in seconds."""

    def __init__(self) -> None:
        super().__init__(tick=0)
        self.pauses: list[float] = []
        self.opens_after: dict[str, int] = {}
        self.session_sockets = replace(self.session_sockets, sleep=self.pause)

    def pause(self, seconds: float) -> None:
        """Let time pass, and handshakes go on."""
        self.pauses.append(seconds)
        self.now += int(seconds * 1000)
        for connection_id, pauses in self.opens_after.items():
            if len(self.pauses) >= pauses:
                self.recording_sender.gone.discard(connection_id)

    def open(self, connection_id: str, username: str = "ana", session_id: str = "s1") -> None:
        """Open a connection."""
        self.connect(username, connection_id, session_id)

    @property
    def closed(self) -> list[str]:
        """The connections that were closed."""
        return self.recording_sender.closed


def test_sockets_of_the_session_alone_get_the_reason_and_are_closed() -> None:
    ends = Ends()
    ends.open("c1")
    ends.open("c2", session_id="s2")
    ends.open("c3", username="ben")
    assert ends.session_sockets.close("ana", "s1") == 1
    assert ends.closed == ["c1"]
    [(connection_id, frame)] = ends.recording_sender.posted
    assert (connection_id, json.loads(frame)["error"]["code"]) == ("c1", "session_ended")
    assert ends.pauses == []


def test_all_sessions_of_a_user_end_at_once() -> None:
    ends = Ends()
    for number in range(3):
        ends.open(f"c{number}", session_id=f"s{number}")
    ends.open("c3", username="ben")
    assert ends.session_sockets.close("ana") == 3
    assert ends.closed == ["c0", "c1", "c2"]


def test_without_sockets_nothing_is_closed() -> None:
    assert Ends().session_sockets.close("ana") == 0


def test_socket_that_opens_a_moment_later_is_closed_then() -> None:
    ends = Ends()
    ends.open("c1")
    ends.open("c2")
    ends.recording_sender.gone.add("c1")
    ends.opens_after = {"c1": 3}
    assert ends.session_sockets.close("ana", "s1") == 2
    assert ends.closed == ["c2", "c1"]
    assert len(ends.pauses) == 3


def test_handshake_that_is_refused_meanwhile_is_waited_for_no_longer() -> None:
    ends = Ends()
    ends.open("c1")
    ends.recording_sender.gone.add("c1")
    sockets = replace(ends.session_sockets, sleep=lambda _: ends.remove_connection("c1"))
    assert sockets.close("ana", "s1") == 0


def test_young_connection_that_never_opens_is_removed_when_no_handshake_can_run() -> None:
    ends = Ends()
    ends.open("c1")
    ends.recording_sender.gone.add("c1")
    assert ends.session_sockets.close("ana", "s1") == 0
    assert OPENING_SECONDS <= sum(ends.pauses) <= OPENING_SECONDS + 1
    assert ends.connection_store.connections == {}


def test_old_connection_that_is_gone_is_removed_at_once() -> None:
    ends = Ends()
    ends.open("c1")
    ends.recording_sender.gone.add("c1")
    ends.now += OPENING_SECONDS * 1000
    assert ends.session_sockets.close("ana", "s1") == 0
    assert (ends.pauses, ends.connection_store.connections) == ([], {})


class Broken(RecordingSender):
    """Cannot close the first connection."""

    def close(self, connection_id: str) -> None:
        if connection_id == "c1":
            raise DeliveryError(connection_id, "ForbiddenException")
        super().close(connection_id)


def test_socket_that_cannot_be_closed_is_reported_and_the_others_are_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ends = Ends()
    ends.sender = ends.recording_sender = Broken()
    for connection_id in ("c1", "c2"):
        ends.open(connection_id)
    assert ends.session_sockets.close("ana", "s1") == 1
    assert ends.closed == ["c2"]
    [line] = [record for record in caplog.records if record.message == "connection not closed"]
    assert "c1" in str(vars(line)["error"])


def test_connection_that_cannot_be_removed_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    def fail(connection_id: str) -> None:
        raise StoreError("connections", "InternalServerError")

    ends = Ends()
    ends.open("c1")
    ends.recording_sender.gone.add("c1")
    ends.now += OPENING_SECONDS * 1000
    sockets = replace(ends.session_sockets, remove_connection=fail)
    assert sockets.close("ana", "s1") == 0
    [line] = [record for record in caplog.records if record.message == "connection not closed"]
    assert "InternalServerError" in str(vars(line)["error"])
