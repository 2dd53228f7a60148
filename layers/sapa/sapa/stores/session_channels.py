"""Which channels a login session has been in, in DynamoDB.

Table `SessionChannels`: partition key `session_id`, sort key `channel`.
"""

from typing import TYPE_CHECKING

from sapa.stores.table import translated

if TYPE_CHECKING:
    from sapa.aws.dynamodb import DynamoDBClient
    from sapa.stores.table import Item


class DynamoDBPermitStore:
    """A `PermitStore`; raises `StoreError`."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def grant(self, session_id: str, channel: str, expires_at: int) -> None:
        """Remember that the session was let in."""
        with translated(self._table):
            self._client.put_item(
                TableName=self._table,
                Item={**_key(session_id, channel), "expires_at": {"N": str(expires_at)}},
            )

    def revoke(self, session_id: str, channel: str) -> None:
        """Forget it, if it is there."""
        with translated(self._table):
            self._client.delete_item(TableName=self._table, Key=_key(session_id, channel))

    def holds(self, session_id: str, channel: str, now: int) -> bool:
        """Whether it is remembered, read consistently."""
        with translated(self._table):
            answer = self._client.get_item(
                TableName=self._table, Key=_key(session_id, channel), ConsistentRead=True
            )
        return "Item" in answer and int(answer["Item"]["expires_at"]["N"]) > now


def _key(session_id: str, channel: str) -> "Item":
    return {"session_id": {"S": session_id}, "channel": {"S": channel}}
