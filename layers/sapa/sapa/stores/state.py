"""Shared state in DynamoDB: table `State`, key `key`, TTL `expires_at`.

A new item's version starts at the time rather than at 1, so that an item that TTL deleted and
somebody wrote again is not taken for the old one. `writer` identifies each write: a call may
arrive twice, and the second one must not take the first for somebody else's.
"""

import secrets
from collections.abc import Callable

from sapa.errors import ConditionFailedError
from sapa.processes.state import StoredValue
from sapa.stores.table import Item, Table


class DynamoDBStateStore:
    """A `StateStore`; `clock` gives epoch milliseconds."""

    def __init__(self, table: Table, clock: Callable[[], int]) -> None:
        self._table = table
        self._clock = clock

    def get(self, key: str) -> StoredValue | None:
        """The value, expired or not, read consistently."""
        item = self._table.get({"key": {"S": key}})
        return _stored(item) if item else None

    def put(self, key: str, text: str, expires_at: int | None) -> None:
        """Store a value over whatever is there."""
        self._write(key, text, expires_at)

    def replace(self, key: str, old: StoredValue | None, text: str, expires_at: int | None) -> bool:
        """Store a value if the stored one is still `old`; false when it is not."""
        writer = secrets.token_hex(8)
        if old is None:
            when, values = "attribute_not_exists(version)", {}
        else:
            when, values = "version = :old", {":old": {"N": str(old.version)}}
        try:
            self._write(key, text, expires_at, when=when, values=values, writer=writer)
        except ConditionFailedError as error:
            return error.item.get("writer") == {"S": writer}
        return True

    def _write(
        self,
        key: str,
        text: str,
        expires_at: int | None,
        *,
        when: str = "",
        values: Item | None = None,
        writer: str = "",
    ) -> None:
        update = (
            "SET #value = :value, writer = :writer, version = if_not_exists(version, :now) + :one"
        )
        values = {
            ":value": {"S": text},
            ":writer": {"S": writer or secrets.token_hex(8)},
            ":now": {"N": str(self._clock())},
            ":one": {"N": "1"},
            **(values or {}),
        }
        if expires_at is None:
            update += " REMOVE expires_at"
        else:
            update += ", expires_at = :expires_at"
            values[":expires_at"] = {"N": str(expires_at)}
        # `value` is a reserved word of DynamoDB.
        names = {"#value": "value"}
        self._table.update({"key": {"S": key}}, update, when=when, names=names, values=values)


def _stored(item: Item) -> StoredValue:
    return StoredValue(
        text=item["value"]["S"],
        version=int(item["version"]["N"]),
        expires_at=int(item["expires_at"]["N"]) if "expires_at" in item else None,
    )
