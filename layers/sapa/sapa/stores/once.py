"""Records of messages that happen once, in DynamoDB: table `Once`, key `key`, TTL `expires_at`.

A large result is cut into pieces, which are items of their own behind the record's.
"""

import base64
import zlib
from collections.abc import Mapping
from typing import Any

from sapa.errors import ConditionFailedError
from sapa.messages.once import Record, Result
from sapa.stores.table import Item, Table

# An item has 400 KB at most.
_PIECE_LENGTH = 350_000
_NAMES = {"#key": "key", "#result": "result"}


class DynamoDBOnceStore:
    """A `OnceStore`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, key: str, digest: str, now: int, until: int, expires_at: int) -> Record | None:
        """Store a record, if there is none that counts."""
        try:
            self._table.update(
                _key(key),
                "SET digest = :digest, claimed_until = :until, expires_at = :expires_at "
                "REMOVE #result, pieces",
                when="attribute_not_exists(#key) OR expires_at <= :now OR "
                "(attribute_not_exists(#result) AND claimed_until <= :now AND digest = :digest)",
                names=_NAMES,
                values={
                    ":digest": {"S": digest},
                    ":until": {"N": str(until)},
                    ":expires_at": {"N": str(expires_at)},
                    ":now": {"N": str(now)},
                },
            )
        except ConditionFailedError as error:
            return self._record(key, error.item)
        return None

    def _record(self, key: str, item: Mapping[str, Any]) -> Record:
        digest = item["digest"]["S"]
        if "result" not in item:
            return Record(digest, None)
        pieces = [item["result"]["S"]]
        for number in range(1, int(item["pieces"]["N"])):
            piece = self._table.get(_key(f"{key} {number}"))
            if piece is None:
                return Record(digest, None)
            pieces.append(piece["result"]["S"])
        packed = base64.b85decode("".join(pieces))
        return Record(digest, Result.from_json(zlib.decompress(packed).decode()))

    def complete(self, key: str, result: Result, expires_at: int) -> None:
        """Store the result, its last piece first: a record with a result has all of them."""
        packed = base64.b85encode(zlib.compress(result.to_json().encode())).decode()
        pieces = [
            packed[start : start + _PIECE_LENGTH] for start in range(0, len(packed), _PIECE_LENGTH)
        ]
        for number, piece in list(enumerate(pieces))[:0:-1]:
            self._table.put(
                {
                    **_key(f"{key} {number}"),
                    "result": {"S": piece},
                    "expires_at": {"N": str(expires_at)},
                }
            )
        self._table.update(
            _key(key),
            "SET #result = :result, pieces = :pieces",
            names={"#result": "result"},
            values={":result": {"S": pieces[0]}, ":pieces": {"N": str(len(pieces))}},
        )

    def release(self, key: str) -> None:
        """Delete the record."""
        self._table.delete(_key(key))


def _key(key: str) -> Item:
    return {"key": {"S": key}}
