"""Publishing to channels.

An event gets its sequence number, is stored and is queued before `publish` returns: an accepted
event cannot be lost. When one of these steps fails, `publish` raises; the channel may then lack
the number, or have the event in its history.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sapa.channels.channel import USER_PREFIX, ChannelEvent, ChannelLog, channel_name, json_text
from sapa.channels.fan_out_task import FanOutQueue, FanOutTask
from sapa.connections.frames import MAX_FRAME_BYTES, read_json
from sapa.errors import PayloadError, PayloadTooLargeError, RefusalError, refused_fields

# No sequence number and no time is longer: a frame is measured before it has either.
_LARGEST_NUMBER = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Accepts events.

    `clock` gives epoch milliseconds. Events are kept for `retention_seconds` (0: not at all),
    except those of channels whose names begin with one of `history_off_prefixes`.
    """

    log: ChannelLog
    queue: FanOutQueue
    clock: Callable[[], int]
    retention_seconds: int
    history_off_prefixes: tuple[str, ...] = ()

    def publish(
        self,
        channel: str,
        payload: Mapping[str, Any],
        *,
        publisher: str,
        exclude: str | None = None,
    ) -> ChannelEvent:
        """Accept an event for everybody in a channel, except for the connection `exclude`.

        Raises `ChannelNameError`, `PayloadError`, `PayloadTooLargeError`, `StoreError` and
        `QueueError`; the event is accepted only when nothing is raised.
        """
        channel_name(channel)
        sent_at = self.clock()
        check_payload(channel, payload)
        event = ChannelEvent(
            channel=channel,
            sequence=self.log.next_sequence(channel, sent_at // 1000),
            sent_at=sent_at,
            payload=payload,
            publisher=publisher,
        )
        if self.has_history(channel):
            self.log.append(event, sent_at // 1000 + self.retention_seconds)
        self.queue.send([FanOutTask(channel=channel, content=event.content(), exclude=exclude)])
        return event

    def announce(self, channel: str, change: str, username: str) -> None:
        """Announce to a channel that a user `joined` or `left`; fits `membership.Announce`.

        Presence has no sequence number and is not kept; a user's own channel has none. Raises
        `QueueError`.
        """
        if channel.startswith(USER_PREFIX):
            return
        content = {
            "$channel": channel,
            "$sent_at": self.clock(),
            "$presence": {change: username},
        }
        self.queue.send([FanOutTask(channel=channel, content=content)])

    def has_history(self, channel: str) -> bool:
        """Whether the channel's events are kept."""
        return self.retention_seconds > 0 and not channel.startswith(self.history_off_prefixes)


def check_payload(channel: str, payload: Mapping[str, Any]) -> None:
    """Raise `PayloadError` or `PayloadTooLargeError` for what cannot be an event of `channel`."""
    if not isinstance(payload, Mapping) or not all(isinstance(key, str) for key in payload):
        raise PayloadError("What is published is a JSON object.")
    reserved = [key for key in payload if key.startswith("$")]
    if reserved:
        fields = refused_fields(reserved, "keys that start with $ are reserved")
        raise PayloadError("What is published has no keys that start with $.", fields)
    frame = _largest_frame(channel, payload)
    size = len(frame.encode())
    if size > MAX_FRAME_BYTES:
        raise PayloadTooLargeError(size, MAX_FRAME_BYTES)
    try:
        # Deep nesting, and keys that are different in Python and equal in JSON, like 1 and "1".
        read_json(json_text(payload))
    except RefusalError as refusal:
        raise PayloadError(f"What is published cannot be read: {refusal.message}") from refusal


def _largest_frame(channel: str, payload: Mapping[str, Any]) -> str:
    """The event's frame with the longest possible numbers."""
    longest = ChannelEvent(
        channel=channel,
        sequence=_LARGEST_NUMBER,
        sent_at=_LARGEST_NUMBER,
        payload=payload,
        publisher="",
    )
    try:
        return json_text(longest.content())
    except RecursionError as error:
        raise PayloadError("What is published nests arrays or objects too deep.") from error
    except (ValueError, TypeError) as error:
        raise PayloadError("What is published has a value that is no JSON.") from error
