"""Channels: one concept for a room, a user, a topic and everyone.

A channel is a name. Connections join and leave it, events are published to it, and each event
has a sequence number that grows by one per channel. `user:<username>` is the channel of all
connections of a user; nobody needs to join it.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sapa.connections.connection import Subscriber
from sapa.errors import ChannelNameError

MAX_NAME_LENGTH = 128
USER_PREFIX = "user:"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9\-_.:]")
_NAME = re.compile(r"[A-Za-z0-9\-_.:/]+", re.ASCII)
# Half a surrogate pair is no character: JSON can spell it, UTF-8 cannot.
_NOT_IN_USERNAMES = {"Cc", "Cs", "Zl", "Zp", "Zs"}
_NO_SPACES = r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
# The rules for the documents, as every language's regular expressions read them.
USERNAME_PATTERN = f"^{_NO_SPACES}+$"
NAME_PATTERN = (
    rf"^(?:[A-Za-z0-9\-_.:/]{{1,{MAX_NAME_LENGTH}}}"
    rf"|{USER_PREFIX}{_NO_SPACES}{{1,{MAX_NAME_LENGTH}}})$"
)


def channel_name(text: str) -> str:
    """`text`, if it can name a channel: letters, digits and `-_.:/`, at most 128 characters.

    After `user:` comes a user's name, which may have other characters. Raises `ChannelNameError`.
    """
    name = text.removeprefix(USER_PREFIX)
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise ChannelNameError(text)
    if name != text and is_username(name):
        return text
    if len(text) > MAX_NAME_LENGTH or not _NAME.fullmatch(text):
        raise ChannelNameError(text)
    return text


def is_username(text: str) -> bool:
    """Whether a text has neither spaces nor control characters, as `USERNAME_PATTERN` says."""
    return {unicodedata.category(character) for character in text}.isdisjoint(_NOT_IN_USERNAMES)


def user_channel(username: str) -> str:
    """The channel of all connections of a user."""
    return f"{USER_PREFIX}{username}"


def encoded_username(username: str) -> str:
    """A user's name as part of a channel's name: `ana@example.com` is `ana/40/example.com`.

    Other characters than letters, digits and `-_.:` become their code points. Different users get
    different names. Raises `ChannelNameError`.
    """
    if not is_username(username):
        raise ChannelNameError(username)
    return _NOT_IN_NAMES.sub(lambda found: f"/{ord(found[0]):x}/", username)


def json_text(value: object) -> str:
    """JSON that both clients and SQS take. Raises `ValueError`, `TypeError`, `RecursionError`.

    SQS refuses U+FFFE and U+FFFF, so they are escaped; it accepts all other characters of JSON.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text.encode()
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A connection's membership in a channel; `since` is epoch milliseconds."""

    channel: str
    subscriber: Subscriber
    since: int


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """Part of a shard, expired subscriptions included.

    `start` is the connection id at which the next page begins, `None` after the last.
    """

    subscriptions: Sequence[Subscription]
    start: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A user in a channel, with one or more connections; `since` is epoch milliseconds."""

    username: str
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEvent:
    """A published event; `sent_at` is epoch milliseconds, `publisher` a user or a service."""

    channel: str
    sequence: int
    sent_at: int
    payload: Mapping[str, Any]
    publisher: str

    def content(self) -> dict[str, Any]:
        """The JSON object that clients get: the payload beside the event's place and time."""
        return {
            "$channel": self.channel,
            "$sequence": self.sequence,
            "$sent_at": self.sent_at,
            **self.payload,
        }


class ChannelLog(Protocol):
    """Sequence numbers and history; all methods raise `StoreError`."""

    def next_sequence(self, channel: str, now: int) -> int:
        """Take the channel's next sequence number, from 1; `now` is epoch seconds."""

    def last_sequence(self, channel: str) -> int:
        """The number taken last, 0 before the first; its event may not be stored yet."""

    def latest(self, channel: str) -> tuple[int, int]:
        """The number taken last, and when: epoch seconds, 0 if that is unknown."""

    def append(self, event: ChannelEvent, expires_at: int) -> None:
        """Keep an event until `expires_at` (epoch seconds)."""

    def after(self, channel: str, sequence: int, now: int) -> Iterable[ChannelEvent]:
        """The kept events with a higher sequence number, in order."""

    def before(
        self, channel: str, sequence: int | None, limit: int, now: int
    ) -> list[ChannelEvent]:
        """The last `limit` kept events with a lower sequence number, in order."""
