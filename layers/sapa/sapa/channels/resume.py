"""Resume: `{"$resume": {"chat:lobby": 41}}` sends the events that a client missed.

The connection joins each channel first and reads its history second, so that no event is missed in
between: one that is published at that moment comes twice, with the same `$sequence`. An event that
its publisher is still storing may come after events with higher numbers, as on any channel; so
clients must remember single numbers, not only the highest. For the same reason, missing numbers
that were taken a moment ago are not reported as lost.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sapa.channels.channel import ANSWER_PREFIX, USER_PREFIX, ChannelLog, json_text
from sapa.channels.membership import Membership
from sapa.connections.connection import Subscriber
from sapa.connections.frames import MessageId, render
from sapa.errors import ForbiddenChannelError, RefusalError

# A post takes some 10 ms and a message has 25 s; the rest comes with the next `$resume`.
MAX_EVENTS = 1_000
MAX_BYTES = 4_194_304
# Members of larger channels, and beyond this size in all, are not sent.
MAX_MEMBERS = 200
MAX_MEMBERS_BYTES = 65_536
# Longer than any function that publishes may run: a number that is older has its event, or will
# never have one.
SETTLING_SECONDS = 30


@dataclass(slots=True)
class _Reply:
    """The frames of the answer, as far as they are collected."""

    events: list[str] = field(default_factory=list)
    events_bytes: int = 0
    gaps: dict[str, dict[str, int]] = field(default_factory=dict)
    resumed: dict[str, int] = field(default_factory=dict)
    more: dict[str, int] = field(default_factory=dict)
    members: dict[str, list[dict[str, str | int]]] = field(default_factory=dict)
    members_bytes: int = 0
    refusals: dict[str, RefusalError] = field(default_factory=dict)

    def add_event(self, frame: str) -> bool:
        """Add an event, if there is room for it."""
        size = len(frame.encode())
        if len(self.events) == MAX_EVENTS or self.events_bytes + size > MAX_BYTES:
            return False
        self.events.append(frame)
        self.events_bytes += size
        return True

    def add_refusal(self, channel: str, refusal: RefusalError) -> None:
        """Each code has one error frame, which names all channels that it is about."""
        first = self.refusals.get(refusal.code, refusal)
        fields = {**(first.fields or {}), channel: refusal.message}
        self.refusals[refusal.code] = RefusalError(first.code, first.message, fields)

    def frames(self, message_id: MessageId | None) -> list[str]:
        """Gaps, events, errors, and `$resumed` at the end."""
        gaps = [render({"$gap": self.gaps})] if self.gaps else []
        errors = [render(refusal.as_json(), message_id) for refusal in self.refusals.values()]
        done: dict[str, object] = {"$resumed": self.resumed, "$members": self.members}
        if self.more:
            done["$more"] = self.more
        return [*gaps, *self.events, *errors, render(done, message_id)]


class AnswerReader(Protocol):
    """The answers of streaming processes; raises `StoreError`."""

    def resume(
        self, subscriber: Subscriber, channel: str, position: int
    ) -> Iterator[tuple[int, str]] | None:
        """Let a connection listen, and give the numbers and frames after a position.

        `None` if the user has no such answer.
        """

    def last_number(self, channel: str) -> int:
        """The number of the last part that is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumer:
    """Answers `$resume`.

    `answers` are those of streaming processes; `has_history` says whether a channel's events are
    kept; `clock` gives epoch milliseconds.
    """

    membership: Membership
    log: ChannelLog
    has_history: Callable[[str], bool]
    answers: Callable[[], AnswerReader]
    clock: Callable[[], int]

    def frames(
        self, subscriber: Subscriber, positions: Mapping[str, int], message_id: MessageId | None
    ) -> list[str]:
        """Join the channels and send what was published in each after its position.

        `$resumed` has the number that each channel is at now; `$more` has the last numbers of
        those channels of which only a part was sent: they need another `$resume` from there.
        Raises `StoreError` and `QueueError`.
        """
        reply = _Reply()
        answers = [channel for channel in positions if channel.startswith(ANSWER_PREFIX)]
        for channel in answers:
            self._answer(reply, subscriber, channel, positions[channel])
        channels = [channel for channel in positions if channel not in answers]
        joined = [channel for channel in channels if self._joins(reply, subscriber, channel)]
        for channel in joined:
            if self.has_history(channel):
                self._missed(reply, channel, positions[channel])
            else:
                self._lost(reply, channel, positions[channel])
            self._members(reply, channel)
        return reply.frames(message_id)

    def _answer(self, reply: _Reply, subscriber: Subscriber, channel: str, position: int) -> None:
        """Add the parts of an answer that are missing."""
        answers = self.answers()
        parts = answers.resume(subscriber, channel, position)
        if parts is None:
            reply.add_refusal(channel, ForbiddenChannelError(channel))
            return
        reached: int | None = None
        for number, frame in parts:
            if not reply.add_event(frame):
                reply.more[channel] = answers.last_number(channel)
                break
            reached = number
        if reached is None:
            reached = position if channel in reply.more else answers.last_number(channel)
        reply.resumed[channel] = reached

    def _joins(self, reply: _Reply, subscriber: Subscriber, channel: str) -> bool:
        try:
            if not self.membership.may_resume(subscriber, channel):
                raise ForbiddenChannelError(channel)
            self.membership.join(subscriber, channel)
        except RefusalError as refusal:
            reply.add_refusal(channel, refusal)
            return False
        return True

    def _missed(self, reply: _Reply, channel: str, position: int) -> None:
        """Add what is kept.

        Events expire in order. If the event at the position is still there, so are all later
        ones, and numbers that are missing among them have no event, or none yet. If it is not,
        the numbers before the first event count as lost, unless that event is so recent that they
        may still be stored: then the client can ask again.
        """
        reached, is_complete = position, False
        settled_at = self.clock() - SETTLING_SECONDS * 1000
        for event in self.log.after(channel, position - 1, self.clock() // 1000):
            if event.sequence <= position:
                is_complete = True
                continue
            if not reply.add_event(json_text(event.content())):
                reply.more[channel] = self.log.last_sequence(channel)
                break
            if not is_complete and event.sequence > position + 1 and event.sent_at <= settled_at:
                reply.gaps[channel] = {"from": position + 1, "to": event.sequence - 1}
            reached, is_complete = event.sequence, True
        if is_complete or channel in reply.more:
            reply.resumed[channel] = reached
        else:
            self._none_kept(reply, channel, position)

    def _none_kept(self, reply: _Reply, channel: str, position: int) -> None:
        """All events have expired, or are being stored right now."""
        last, taken_at = self.log.latest(channel)
        if taken_at * 1000 > self.clock() - SETTLING_SECONDS * 1000:
            reply.resumed[channel] = last
        else:
            self._lost(reply, channel, position)

    def _lost(self, reply: _Reply, channel: str, position: int) -> None:
        """Nothing is kept: all events after the position are lost."""
        last = self.log.last_sequence(channel)
        if last > position:
            reply.gaps[channel] = {"from": position + 1, "to": last}
        reply.resumed[channel] = last

    def _members(self, reply: _Reply, channel: str) -> None:
        if channel.startswith(USER_PREFIX):
            return
        members: list[dict[str, str | int]] = [
            {"username": member.username, "since": member.since}
            for member in self.membership.members(channel, MAX_MEMBERS + 1)
        ]
        size = len(render({channel: members}).encode())
        if len(members) <= MAX_MEMBERS and reply.members_bytes + size <= MAX_MEMBERS_BYTES:
            reply.members[channel] = members
            reply.members_bytes += size
