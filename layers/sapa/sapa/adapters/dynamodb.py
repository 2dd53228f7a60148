"""Sessions and connections in DynamoDB.

Every item has `expires_at`, the TTL attribute: epoch seconds.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sapa.adapters.items import translated
from sapa.connections import Connection
from sapa.errors import StoreError
from sapa.sessions import LoginSession

if TYPE_CHECKING:
    from sapa.adapters.dynamodb_client import DynamoDBClient
    from sapa.adapters.items import Item


class DynamoDBSessionStore:
    """A `SessionStore` on the table `Sessions` (key `token_hash`)."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def put(self, session: LoginSession) -> None:
        """Store a session. Raises `StoreError`."""
        item: Item = {
            "token_hash": {"S": session.token_hash},
            "username": {"S": session.username},
            "session_id": {"S": session.session_id},
            "expires_at": {"N": str(session.expires_at)},
        }
        with translated(self._table_name):
            self._client.put_item(TableName=self._table_name, Item=item)

    def get(self, token_hash: str) -> LoginSession | None:
        """Read a session, consistently: it may be revoked a moment ago. Raises `StoreError`."""
        with translated(self._table_name):
            answer = self._client.get_item(
                TableName=self._table_name,
                Key={"token_hash": {"S": token_hash}},
                ConsistentRead=True,
            )
        return _session(answer["Item"]) if "Item" in answer else None

    def delete(self, token_hash: str) -> LoginSession | None:
        """Remove a session and return what it was. Raises `StoreError`."""
        with translated(self._table_name):
            answer = self._client.delete_item(
                TableName=self._table_name,
                Key={"token_hash": {"S": token_hash}},
                ReturnValues="ALL_OLD",
            )
        return _session(answer["Attributes"]) if answer.get("Attributes") else None


class DynamoDBConnectionStore:
    """A `ConnectionStore` on the table `Connections` (key `connection_id`).

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
        }
        with translated(self._table_name):
            self._client.put_item(TableName=self._table_name, Item=item)

    def delete(self, connection_id: str) -> None:
        """Forget a connection, if it is there. Raises `StoreError`."""
        key: Item = {"connection_id": {"S": connection_id}}
        with translated(self._table_name):
            self._client.delete_item(TableName=self._table_name, Key=key)

    def exists(self, connection_id: str) -> bool:
        """Look for a connection, consistently. Raises `StoreError`."""
        with translated(self._table_name):
            answer = self._client.get_item(
                TableName=self._table_name,
                Key={"connection_id": {"S": connection_id}},
                ProjectionExpression="connection_id",
                ConsistentRead=True,
            )
        return "Item" in answer

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


def _session(item: "Item") -> LoginSession:
    return LoginSession(
        token_hash=item["token_hash"]["S"],
        username=item["username"]["S"],
        session_id=item["session_id"]["S"],
        expires_at=int(item["expires_at"]["N"]),
    )


def _connection(item: "Item") -> Connection:
    return Connection(
        connection_id=item["connection_id"]["S"],
        username=item["username"]["S"],
        endpoint=item["endpoint"]["S"],
        session_id=item["session_id"]["S"],
        connected_at=int(item["connected_at"]["N"]),
        expires_at=int(item["expires_at"]["N"]),
    )
