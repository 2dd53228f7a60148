"""Login sessions in DynamoDB: table `Sessions`, key `token_hash`, TTL `expires_at`."""

from sapa.login.session import LoginSession
from sapa.stores.table import Item, Table


class DynamoDBSessionStore:
    """A `SessionStore`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, session: LoginSession) -> None:
        """Store a session."""
        self._table.put(
            {
                "token_hash": {"S": session.token_hash},
                "username": {"S": session.username},
                "session_id": {"S": session.session_id},
                "expires_at": {"N": str(session.expires_at)},
            }
        )

    def get(self, token_hash: str) -> LoginSession | None:
        """Read a session consistently: it may have been revoked a moment ago."""
        item = self._table.get({"token_hash": {"S": token_hash}})
        return _session(item) if item else None

    def delete(self, token_hash: str) -> LoginSession | None:
        """Remove a session and return what it was."""
        item = self._table.delete({"token_hash": {"S": token_hash}})
        return _session(item) if item else None


def _session(item: Item) -> LoginSession:
    return LoginSession(
        token_hash=item["token_hash"]["S"],
        username=item["username"]["S"],
        session_id=item["session_id"]["S"],
        expires_at=int(item["expires_at"]["N"]),
    )
