"""The open connections, as the page lists them."""

from collections.abc import Iterable
from typing import Any, Protocol

from local_gateway.core.websocket.connection import Connection
from local_gateway.inspector.inspector import Inspector


class Directory(Protocol):
    """Knows every open connection of every API."""

    def open_connections(self) -> Iterable[Connection]:
        """The open connections, the oldest of each stage first."""

    def close_connection(self, connection_id: str) -> bool:
        """Do what `DELETE @connections/{id}` does; false when there is no such connection."""


class ConnectionList:
    """What one page knows of the connections, and what has changed since it was told."""

    def __init__(self, directory: Directory, inspector: Inspector) -> None:
        self._directory = directory
        self._inspector = inspector
        self._shown: dict[str, tuple[int, int, int]] = {}

    def changes(self) -> tuple[list[dict[str, Any]], list[str]]:
        """Connections that are new or not as they were, and the ids of those that are closed."""
        changed: list[dict[str, Any]] = []
        shown: dict[str, tuple[int, int, int]] = {}
        for connection in self._directory.open_connections():
            counts = self._inspector.counts(connection.connection_id)
            state = (connection.last_active, counts.messages_in, counts.messages_out)
            shown[connection.connection_id] = state
            if self._shown.get(connection.connection_id) != state:
                changed.append(_to_json(connection, state))
        gone = [connection_id for connection_id in self._shown if connection_id not in shown]
        self._shown = shown
        return changed, gone


def _to_json(connection: Connection, state: tuple[int, int, int]) -> dict[str, Any]:
    """Times are epoch milliseconds; `in` and `out` count messages."""
    identity = connection.identity
    last_active, messages_in, messages_out = state
    return {
        "id": connection.connection_id,
        "api": connection.stage.api.logical_id,
        "stage": identity.stage,
        "ip": identity.source_ip,
        "agent": identity.user_agent,
        "since": identity.connected_at,
        "active": last_active,
        "in": messages_in,
        "out": messages_out,
    }
