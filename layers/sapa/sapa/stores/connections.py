"""Open connections in DynamoDB, each with the channels that it is in.

Table `Connections`: key `connection_id`, TTL attribute `expires_at` (epoch seconds), a map
`channels` from a channel's name to when the connection joined it (epoch milliseconds), and `gone`
while it is being forgotten. Every write but the first is conditional, every read of one connection
is consistent: nothing here depends on an index.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sapa.connections.connection import Connection, Parting
from sapa.errors import StoreError
from sapa.refusals import TooManyChannelsError
from sapa.stores.table import Condition, ConditionFailedError, only_if_equal, translated

if TYPE_CHECKING:
    from sapa.aws.dynamodb import DynamoDBClient
    from sapa.stores.table import Item


class DynamoDBConnectionStore:
    """A `ConnectionStore`.

    `username_index_name` is the index with key `username`; only `of_user` needs it.
    """

    def __init__(
        self, client: "DynamoDBClient", table_name: str, username_index_name: str | None = None
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._username_index_name = username_index_name

    def put(self, connection: Connection) -> None:
        """Store a connection. Raises `StoreError`."""
        item: Item = {
            "connection_id": {"S": connection.connection_id},
            "username": {"S": connection.username},
            "endpoint": {"S": connection.endpoint},
            "session_id": {"S": connection.session_id},
            "connected_at": {"N": str(connection.connected_at)},
            "expires_at": {"N": str(connection.expires_at)},
            "channels": {"M": {}},
        }
        with translated(self._table_name):
            self._client.put_item(TableName=self._table_name, Item=item)

    def enter(self, connection_id: str, channel: str, since: int, limit: int) -> int | None:
        """Note that a connection is in a channel. Raises `StoreError`, `TooManyChannelsError`."""
        try:
            with translated(self._table_name):
                self._client.update_item(
                    TableName=self._table_name,
                    Key=_key(connection_id),
                    UpdateExpression="SET channels.#channel = :since",
                    ConditionExpression=(
                        "attribute_exists(connection_id) AND attribute_not_exists(gone) "
                        "AND attribute_not_exists(channels.#channel) AND size(channels) < :limit"
                    ),
                    ExpressionAttributeNames={"#channel": channel},
                    ExpressionAttributeValues={
                        ":since": {"N": str(since)},
                        ":limit": {"N": str(limit)},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailedError as error:
            if _is_gone(error.item):
                return None
            # The call may have been sent twice: then this is what the first one wrote.
            noted = _channels(error.item).get(channel)
            if noted is None:
                raise TooManyChannelsError(channel, limit) from error
            return noted
        return since

    def enter_anew(self, connection_id: str, channel: str, since: int, earlier: int) -> bool:
        """Replace what is noted, if it is `earlier` still. Raises `StoreError`."""
        try:
            with translated(self._table_name):
                self._client.update_item(
                    TableName=self._table_name,
                    Key=_key(connection_id),
                    UpdateExpression="SET channels.#channel = :since",
                    ConditionExpression=(
                        "channels.#channel = :earlier AND attribute_not_exists(gone)"
                    ),
                    ExpressionAttributeNames={"#channel": channel},
                    ExpressionAttributeValues={
                        ":since": {"N": str(since)},
                        ":earlier": {"N": str(earlier)},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailedError as error:
            return not _is_gone(error.item) and _channels(error.item).get(channel) == since
        return True

    def leave(self, connection_id: str, channel: str, since: int | None = None) -> int | None:
        """Note that a connection is not in a channel any more. Raises `StoreError`."""
        noted: Condition = {"ConditionExpression": "attribute_exists(channels.#channel)"}
        try:
            with translated(self._table_name):
                answer = self._client.update_item(
                    TableName=self._table_name,
                    Key=_key(connection_id),
                    UpdateExpression="REMOVE channels.#channel",
                    ExpressionAttributeNames={"#channel": channel},
                    ReturnValues="UPDATED_OLD",
                    **(noted | only_if_equal("channels.#channel", since)),
                )
        except ConditionFailedError:
            return None
        return _channels(answer["Attributes"])[channel]

    def since(self, connection_id: str, channel: str) -> int | None:
        """When a connection joined a channel, read consistently. Raises `StoreError`."""
        with translated(self._table_name):
            answer = self._client.get_item(
                TableName=self._table_name,
                Key=_key(connection_id),
                ProjectionExpression="connection_id, gone, channels.#channel",
                ExpressionAttributeNames={"#channel": channel},
                ConsistentRead=True,
            )
        item = answer.get("Item", {})
        return None if _is_gone(item) else _channels(item).get(channel, 0)

    def part(self, connection_id: str) -> Parting | None:
        """Mark a connection as gone: from now on it enters nothing. Raises `StoreError`."""
        try:
            with translated(self._table_name):
                answer = self._client.update_item(
                    TableName=self._table_name,
                    Key=_key(connection_id),
                    UpdateExpression="SET gone = :yes",
                    ConditionExpression="attribute_exists(connection_id)",
                    ExpressionAttributeValues={":yes": {"BOOL": True}},
                    ReturnValues="ALL_NEW",
                )
        except ConditionFailedError:
            return None
        item = answer["Attributes"]
        return Parting(subscriber=_connection(item).subscriber(), channels=_channels(item))

    def delete(self, connection_id: str) -> None:
        """Forget a connection, if it is there. Raises `StoreError`."""
        with translated(self._table_name):
            self._client.delete_item(TableName=self._table_name, Key=_key(connection_id))

    def of_user(self, username: str) -> Iterator[Connection]:
        """Read a user's connections page by page. Raises `StoreError`.

        An index is eventually consistent: a connection of a moment ago may be missing.
        """
        if self._username_index_name is None:
            raise StoreError(self._table_name, "no index by username is configured")
        pages = self._client.query_pages(
            TableName=self._table_name,
            IndexName=self._username_index_name,
            KeyConditionExpression="username = :username",
            ExpressionAttributeValues={":username": {"S": username}},
        )
        with translated(self._table_name):
            for page in pages:
                yield from (_connection(item) for item in page["Items"])


def _key(connection_id: str) -> "Item":
    return {"connection_id": {"S": connection_id}}


def _is_gone(item: "Item") -> bool:
    return not item or "gone" in item


def _channels(item: "Item") -> dict[str, int]:
    noted = item.get("channels", {}).get("M", {})
    return {channel: int(since["N"]) for channel, since in noted.items()}


def _connection(item: "Item") -> Connection:
    return Connection(
        connection_id=item["connection_id"]["S"],
        username=item["username"]["S"],
        endpoint=item["endpoint"]["S"],
        session_id=item["session_id"]["S"],
        connected_at=int(item["connected_at"]["N"]),
        expires_at=int(item["expires_at"]["N"]),
    )
