"""Publishing to channels.

An event takes its sequence number, is kept, and waits in the queue before `publish` returns: what
was acknowledged cannot be lost. When one of these steps fails, the publisher is told; the number
may then be missing in the channel, and the event may be in its history.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sapa.channels.channel import USER_PREFIX, ChannelLog, Event, channel_name
from sapa.channels.fan_out_task import Content, Dispatch, EventQueue, json_text
from sapa.connections.frames import MAX_FRAME_BYTES
from sapa.refusals import PayloadError, PayloadTooLargeError

# No channel gets further: its frame is measured before it has a number.
_LAST_SEQUENCE = 2**53
_MAX_SHOWN_KEYS = 20
_MAX_SHOWN_KEY_LENGTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Who accepts events.

    `clock` gives epoch milliseconds. Events are kept for `retention_seconds` (0: not at all),
    except those of channels whose names begin with one of `unkept_prefixes`.
    """

    log: ChannelLog
    queue: EventQueue
    clock: Callable[[], int]
    retention_seconds: int
    unkept_prefixes: tuple[str, ...] = ()

    def publish(
        self,
        channel: str,
        payload: Mapping[str, Any],
        *,
        publisher: str,
        exclude: str | None = None,
    ) -> Event:
        """Accept an event for everybody in a channel, except for the connection `exclude`.

        Raises `ChannelNameError`, `PayloadError`, `PayloadTooLargeError`, `StoreError` and
        `QueueError`; only without an error the event is accepted.
        """
        channel_name(channel)
        sent_at = self.clock()
        check_payload(channel, payload)
        sequence = self.log.next_sequence(channel, sent_at // 1000)
        event = Event(
            channel=channel,
            sequence=sequence,
            sent_at=sent_at,
            payload=payload,
            publisher=publisher,
        )
        if self.keeps(channel):
            self.log.append(event, sent_at // 1000 + self.retention_seconds)
        self.queue.send([Dispatch(channel=channel, content=event_content(event), exclude=exclude)])
        return event

    def announce(self, channel: str, happening: str, username: str) -> None:
        """Tell a channel that somebody `joined` or `left`; fits `membership.Announce`.

        Presence has no sequence number and is not kept; a user's own channel hears none. Raises
        `QueueError`.
        """
        if channel.startswith(USER_PREFIX):
            return
        content = {
            "$channel": channel,
            "$sent_at": self.clock(),
            "$presence": {happening: username},
        }
        self.queue.send([Dispatch(channel=channel, content=content)])

    def keeps(self, channel: str) -> bool:
        """Whether the channel has a history."""
        return self.retention_seconds > 0 and not channel.startswith(
            self.unkept_prefixes or ("\0",)
        )


def event_content(event: Event) -> Content:
    """What clients get of an event: its place and time, then its payload."""
    return {
        "$channel": event.channel,
        "$sequence": event.sequence,
        "$sent_at": event.sent_at,
        **event.payload,
    }


def check_payload(channel: str, payload: Mapping[str, Any]) -> None:
    """Raise `PayloadError` or `PayloadTooLargeError` for what cannot be an event of `channel`."""
    if not isinstance(payload, Mapping) or not all(isinstance(key, str) for key in payload):
        raise PayloadError("What is published is a JSON object.")
    reserved = sorted(key for key in payload if key.startswith("$"))
    if reserved:
        problem = "keys that start with $ are reserved"
        fields = {key[:_MAX_SHOWN_KEY_LENGTH]: problem for key in reserved[:_MAX_SHOWN_KEYS]}
        raise PayloadError("What is published has no keys that start with $.", fields=fields)
    size = _largest_frame(channel, payload)
    if size > MAX_FRAME_BYTES:
        raise PayloadTooLargeError(size, MAX_FRAME_BYTES)


def _largest_frame(channel: str, payload: Mapping[str, Any]) -> int:
    """Its bytes with the longest numbers that it could have."""
    longest = Event(
        channel=channel,
        sequence=_LAST_SEQUENCE,
        sent_at=_LAST_SEQUENCE,
        payload=payload,
        publisher="",
    )
    try:
        return len(json_text(event_content(longest)).encode())
    except RecursionError as error:
        raise PayloadError("What is published nests arrays or objects too deep.") from error
    except (ValueError, TypeError) as error:
        raise PayloadError("What is published has a value that is no JSON.") from error
