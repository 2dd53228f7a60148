"""Connections."""

from dataclasses import replace

from sapa.connections.connection import CONNECTION_SECONDS, Connection
from tests.unit.sapa.fakes import Client, FakeServices


def test_connection_expires_after_api_gateways_two_hours() -> None:
    client = Client(FakeServices(), "ana", "c1", "s1", "chat")
    connection = Connection.from_event(client.event)
    assert connection.connected_at == client.event.connected_at // 1000
    assert connection.expires_at == connection.connected_at + CONNECTION_SECONDS
    assert connection.subscriber().connection_id == "c1"


def test_connection_expires_with_its_login() -> None:
    client = Client(FakeServices(), "ana", "c1", "s1", "chat")
    end = client.event.connected_at // 1000 + 60
    event = replace(client.event, session_expires_at=end)
    assert Connection.from_event(event).expires_at == end
