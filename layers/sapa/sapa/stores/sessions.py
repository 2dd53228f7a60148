"""Login sessions in DynamoDB.

Every item has `expires_at`, the TTL attribute: epoch seconds.
"""

from typing import TYPE_CHECKING

from sapa.login.sessions import LoginSession
from sapa.stores.table import translated

if TYPE_CHECKING:
    from sapa.aws.dynamodb import DynamoDBClient
    from sapa.stores.table import Item


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


def _session(item: "Item") -> LoginSession:
    return LoginSession(
        token_hash=item["token_hash"]["S"],
        username=item["username"]["S"],
        session_id=item["session_id"]["S"],
        expires_at=int(item["expires_at"]["N"]),
    )
