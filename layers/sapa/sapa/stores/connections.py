"""Open connections in DynamoDB, each with the channels that it is in.

Table `Connections`: key `connection_id`, TTL attribute `expires_at` (epoch seconds), a map
`channels` from a channel's name to when the connection joined it (epoch milliseconds), and `gone`
while it is being removed. All writes but the first are conditional, and all reads of one connection
are consistent: only `of_user` depends on an index.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sapa.connections.connection import ClosedConnection, Connection
from sapa.errors import ConditionFailedError, StoreError, TooManyChannelsError
from sapa.stores.table import Item, Table


class DynamoDBConnectionStore:
    """A `ConnectionStore`.

    `username_index_name` is the index with key `username`; only `of_user` needs it.
    """

    def __init__(self, table: Table, username_index_name: str = "") -> None:
        self._table = table
        self._username_index_name = username_index_name

    def put(self, connection: Connection) -> None:
        """Store a connection."""
        self._table.put(
            {
                "connection_id": {"S": connection.connection_id},
                "username": {"S": connection.username},
                "endpoint": {"S": connection.endpoint},
                "session_id": {"S": connection.session_id},
                "connected_at": {"N": str(connection.connected_at)},
                "expires_at": {"N": str(connection.expires_at)},
                "channels": {"M": {}},
            }
        )

    def add_channel(self, connection_id: str, channel: str, since: int, limit: int) -> int | None:
        """Record that a connection is in a channel. Raises `TooManyChannelsError`."""
        try:
            self._table.update(
                _key(connection_id),
                "SET channels.#channel = :since",
                when=(
                    "attribute_exists(connection_id) AND attribute_not_exists(gone) "
                    "AND attribute_not_exists(channels.#channel) AND size(channels) < :limit"
                ),
                names={"#channel": channel},
                values={":since": {"N": str(since)}, ":limit": {"N": str(limit)}},
            )
        except ConditionFailedError as error:
            if _is_gone(error.item):
                return None
            # The call may have arrived twice: then this is what the first one wrote.
            recorded = _channels(error.item).get(channel)
            if recorded is None:
                raise TooManyChannelsError(channel, limit) from error
            return recorded
        return since

    def replace_channel(self, connection_id: str, channel: str, since: int, earlier: int) -> bool:
        """Replace the recorded time, if it is still `earlier`."""
        try:
            self._table.update(
                _key(connection_id),
                "SET channels.#channel = :since",
                when="channels.#channel = :earlier AND attribute_not_exists(gone)",
                names={"#channel": channel},
                values={":since": {"N": str(since)}, ":earlier": {"N": str(earlier)}},
            )
        except ConditionFailedError as error:
            return not _is_gone(error.item) and _channels(error.item).get(channel) == since
        return True

    def remove_channel(
        self, connection_id: str, channel: str, since: int | None = None
    ) -> int | None:
        """Record that a connection is no longer in a channel."""
        try:
            old = self._table.update(
                _key(connection_id),
                "REMOVE channels.#channel",
                when=(
                    "attribute_exists(channels.#channel)"
                    if since is None
                    else "channels.#channel = :since"
                ),
                names={"#channel": channel},
                values=None if since is None else {":since": {"N": str(since)}},
                returns="UPDATED_OLD",
            )
        except ConditionFailedError:
            return None
        return _channels(old)[channel]

    def channel_since(self, connection_id: str, channel: str) -> int | None:
        """When a connection joined a channel, read consistently."""
        attributes = "connection_id, gone, channels.#channel"
        item = self._table.get(_key(connection_id), attributes, {"#channel": channel}) or {}
        return None if _is_gone(item) else _channels(item).get(channel, 0)

    def mark_closed(self, connection_id: str) -> ClosedConnection | None:
        """Mark a connection as gone: from now on no channel is added."""
        try:
            item = self._table.update(
                _key(connection_id),
                "SET gone = :yes",
                when="attribute_exists(connection_id)",
                values={":yes": {"BOOL": True}},
                returns="ALL_NEW",
            )
        except ConditionFailedError:
            return None
        return ClosedConnection(subscriber=_connection(item).subscriber(), channels=_channels(item))

    def delete(self, connection_id: str) -> None:
        """Delete a connection, if it is there."""
        self._table.delete(_key(connection_id))

    def of_user(self, username: str) -> Iterator[Connection]:
        """Read a user's connections page by page.

        An index is eventually consistent: a connection of a moment ago may be missing.
        """
        if not self._username_index_name:
            raise StoreError(self._table.name, "no index by username is configured")
        items = self._table.query(
            "username = :username",
            {":username": {"S": username}},
            index=self._username_index_name,
        )
        return (_connection(item) for item in items)


def _key(connection_id: str) -> Item:
    return {"connection_id": {"S": connection_id}}


def _is_gone(item: Mapping[str, Any]) -> bool:
    return not item or "gone" in item


def _channels(item: Mapping[str, Any]) -> dict[str, int]:
    channels = item.get("channels", {}).get("M", {})
    return {channel: int(since["N"]) for channel, since in channels.items()}


def _connection(item: Item) -> Connection:
    return Connection(
        connection_id=item["connection_id"]["S"],
        username=item["username"]["S"],
        endpoint=item["endpoint"]["S"],
        session_id=item["session_id"]["S"],
        connected_at=int(item["connected_at"]["N"]),
        expires_at=int(item["expires_at"]["N"]),
    )
