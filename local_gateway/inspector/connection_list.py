"""The open connections, as the page lists them."""

from collections.abc import Iterable
from typing import Any, Protocol

from local_gateway.core.websocket.connection import Connection
from local_gateway.inspector.inspector import Inspector


class OpenConnections(Protocol):
    """The open connections of all APIs."""

    def open_connections(self) -> Iterable[Connection]:
        """Every connection, the oldest of each stage first."""

    def close_connection(self, connection_id: str) -> bool:
        """Close a connection like `DELETE @connections/{id}`; false when it is not open."""


class ConnectionList:
    """The connections as a page shows them."""

    def __init__(self, connections: OpenConnections, inspector: Inspector) -> None:
        self._connections = connections
        self._inspector = inspector
        self._shown: dict[str, tuple[int, int, int]] = {}

    def changes(self) -> tuple[list[dict[str, Any]], list[str]]:
        """New and changed connections since the last call, and the ids of closed connections."""
        changed: list[dict[str, Any]] = []
        shown: dict[str, tuple[int, int, int]] = {}
        for connection in self._connections.open_connections():
            counts = self._inspector.counts(connection.connection_id)
            state = (connection.last_active, counts.messages_in, counts.messages_out)
            shown[connection.connection_id] = state
            if self._shown.get(connection.connection_id) != state:
                changed.append(_to_json(connection, state))
        closed = [connection_id for connection_id in self._shown if connection_id not in shown]
        self._shown = shown
        return changed, closed


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
