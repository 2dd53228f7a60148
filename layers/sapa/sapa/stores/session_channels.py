"""The channels that each login session may resume, in DynamoDB.

Table `SessionChannels`: partition key `session_id`, sort key `channel`, TTL `expires_at`.
"""

from sapa.stores.table import Item, Table


class DynamoDBSessionChannelStore:
    """A `SessionChannelStore`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, session_id: str, channel: str, expires_at: int) -> None:
        """Add a channel that the session joined."""
        self._table.put({**_key(session_id, channel), "expires_at": {"N": str(expires_at)}})

    def remove(self, session_id: str, channel: str) -> None:
        """Remove a channel, if it is there."""
        self._table.delete(_key(session_id, channel))

    def contains(self, session_id: str, channel: str, now: int) -> bool:
        """Whether the channel is there and has not expired."""
        item = self._table.get(_key(session_id, channel))
        return item is not None and int(item["expires_at"]["N"]) > now


def _key(session_id: str, channel: str) -> Item:
    return {"session_id": {"S": session_id}, "channel": {"S": channel}}
