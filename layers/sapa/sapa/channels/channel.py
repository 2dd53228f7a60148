"""Channels: one concept for a room, a user, a topic and everyone.

A channel is a name. Connections join and leave it, events are published to it, and each event
has a sequence number that grows by one per channel. `user:<username>` is the channel of all
connections of a user; nobody needs to join it.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sapa.refusals import ChannelNameError

MAX_NAME_LENGTH = 128
USER_PREFIX = "user:"
_NAME = re.compile(r"[A-Za-z0-9\-_.:/]+", re.ASCII)


def channel_name(text: str) -> str:
    """`text`, if it can name a channel: letters, digits and `-_.:/`, at most 128 characters.

    After `user:` comes a user's name, which may have other characters. Raises `ChannelNameError`.
    """
    name = text.removeprefix(USER_PREFIX)
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise ChannelNameError(text)
    if name != text and _can_be_user(name):
        return text
    if len(text) > MAX_NAME_LENGTH or not _NAME.fullmatch(text):
        raise ChannelNameError(text)
    return text


def _can_be_user(name: str) -> bool:
    """Cognito's rule: letters, marks, symbols, numbers and punctuation."""
    return all(unicodedata.category(character)[0] in "LMSNP" for character in name)


def user_channel(username: str) -> str:
    """The channel of all connections of a user."""
    return f"{USER_PREFIX}{username}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A connection that may be in channels; `expires_at` is epoch seconds."""

    connection_id: str
    username: str
    session_id: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A connection's place in a channel; `since` is epoch milliseconds."""

    channel: str
    subscriber: Subscriber
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A user in a channel, however many connections they have there; `since` as above."""

    username: str
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something published; `sent_at` is epoch milliseconds, `publisher` a user or a service."""

    channel: str
    sequence: int
    sent_at: int
    payload: Mapping[str, Any]
    publisher: str


class ChannelLog(Protocol):
    """Sequence numbers and history; all methods raise `StoreError`."""

    def next_sequence(self, channel: str, now: int) -> int:
        """Take the channel's next sequence number, from 1; `now` is epoch seconds."""

    def last_sequence(self, channel: str) -> int:
        """The sequence number taken last, 0 before the first."""

    def latest(self, channel: str) -> tuple[int, int]:
        """The same, and when it was taken: epoch seconds, 0 if that is not known."""

    def append(self, event: Event, expires_at: int) -> None:
        """Keep an event until `expires_at` (epoch seconds)."""

    def after(self, channel: str, sequence: int, now: int) -> Iterable[Event]:
        """The kept events with a higher sequence number, in order."""

    def before(self, channel: str, sequence: int | None, limit: int, now: int) -> list[Event]:
        """The last `limit` kept events with a lower sequence number, in order."""
