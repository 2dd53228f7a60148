"""Sequence numbers and history in DynamoDB.

Table `Channels` (key `channel`) counts, table `Messages` (keys `channel`, `sequence`) keeps events.
"""

import json
from collections.abc import Iterable
from itertools import islice

from sapa.channels.channel import ChannelEvent
from sapa.stores.table import Item, Table

# `sequence` is a reserved word of DynamoDB.
_NAMES = {"#sequence": "sequence"}


class DynamoDBChannelLog:
    """A `ChannelLog`; reads skip expired events."""

    def __init__(self, *, channels: Table, messages: Table) -> None:
        self._channels = channels
        self._messages = messages

    def next_sequence(self, channel: str, now: int) -> int:
        """Take the channel's next sequence number; no other caller gets it."""
        attributes = self._channels.update(
            {"channel": {"S": channel}},
            "ADD #sequence :one SET taken_at = :now",
            names=_NAMES,
            values={":one": {"N": "1"}, ":now": {"N": str(now)}},
            returns="UPDATED_NEW",
        )
        return int(attributes["sequence"]["N"])

    def last_sequence(self, channel: str) -> int:
        """The number taken last; its event may not be stored yet."""
        return self.latest(channel)[0]

    def latest(self, channel: str) -> tuple[int, int]:
        """The number taken last, and when it was taken."""
        item = self._channels.get({"channel": {"S": channel}}, "#sequence, taken_at", _NAMES) or {}
        sequence, taken_at = (item.get(name, {"N": "0"})["N"] for name in ("sequence", "taken_at"))
        return int(sequence), int(taken_at)

    def append(self, event: ChannelEvent, expires_at: int) -> None:
        """Keep an event until `expires_at` (epoch seconds)."""
        self._messages.put(
            {
                "channel": {"S": event.channel},
                "sequence": {"N": str(event.sequence)},
                "sent_at": {"N": str(event.sent_at)},
                "payload": {"S": json.dumps(event.payload, ensure_ascii=False)},
                "publisher": {"S": event.publisher},
                "expires_at": {"N": str(expires_at)},
            }
        )

    def after(self, channel: str, sequence: int, now: int) -> Iterable[ChannelEvent]:
        """The kept events with a higher sequence number, in order, page by page."""
        return self._events(channel, "> :sequence", sequence, now)

    def before(
        self, channel: str, sequence: int | None, limit: int, now: int
    ) -> list[ChannelEvent]:
        """The last `limit` kept events with a lower sequence number, in order."""
        bound = 2**53 if sequence is None else sequence
        latest = self._events(channel, "< :sequence", bound, now, descending=True, limit=limit)
        return list(islice(latest, limit))[::-1]

    def _events(
        self,
        channel: str,
        condition: str,
        sequence: int,
        now: int,
        *,
        descending: bool = False,
        limit: int | None = None,
    ) -> Iterable[ChannelEvent]:
        """TTL deletes late, and the expired events are the oldest: few are read in vain."""
        items = self._messages.query(
            f"channel = :channel AND #sequence {condition}",
            {":channel": {"S": channel}, ":sequence": {"N": str(sequence)}},
            names=_NAMES,
            descending=descending,
            limit=limit,
        )
        return (_event(item) for item in items if int(item["expires_at"]["N"]) > now)


def _event(item: Item) -> ChannelEvent:
    return ChannelEvent(
        channel=item["channel"]["S"],
        sequence=int(item["sequence"]["N"]),
        sent_at=int(item["sent_at"]["N"]),
        payload=json.loads(item["payload"]["S"]),
        publisher=item["publisher"]["S"],
    )
