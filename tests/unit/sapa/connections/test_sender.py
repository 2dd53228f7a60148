"""The end of a socket, and the reason for it."""

import json
from dataclasses import dataclass

import pytest

from sapa.connections.sender import end_connection
from sapa.errors import (
    ConnectionGoneError,
    DeliveryError,
    RefusalError,
    session_ended,
    too_many_connections,
)
from tests.unit.sapa.fakes import RecordingSender


@dataclass
class Full(RecordingSender):
    """Takes no frames."""

    def post(self, connection_id: str, frame: str) -> None:
        raise DeliveryError(connection_id, "LimitExceededException")


@pytest.mark.parametrize("reason", [session_ended(), too_many_connections()])
def test_client_is_told_the_reason_before_the_close(reason: RefusalError) -> None:
    sender = RecordingSender()
    end_connection(sender, "c", reason)
    [(connection_id, frame)] = sender.posted
    assert connection_id == "c"
    assert json.loads(frame)["error"]["code"] in {"session_ended", "too_many_connections"}
    assert sender.closed == ["c"]


def test_client_that_does_not_read_is_closed_too() -> None:
    sender = Full()
    end_connection(sender, "c", session_ended())
    assert sender.closed == ["c"]


def test_connection_that_is_gone_is_reported() -> None:
    with pytest.raises(ConnectionGoneError):
        end_connection(RecordingSender(gone={"c"}), "c", session_ended())


class Polite(RecordingSender):
    """Its clients close their socket when they have read why."""

    def post(self, connection_id: str, frame: str) -> None:
        super().post(connection_id, frame)
        self.gone.add(connection_id)


def test_client_that_closes_when_it_has_read_the_reason_is_closed() -> None:
    sender = Polite()
    end_connection(sender, "c", session_ended())
    assert len(sender.posted) == 1
