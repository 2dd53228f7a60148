"""Coming back: `{"$resume": {"chat:lobby": 41}}` brings what was missed.

The connection joins each channel first and reads its history second, so nothing falls between:
what is published meanwhile comes twice, with the same `$sequence`. An event whose publisher is
still storing it may also come after events with higher numbers, as it may on any channel; clients
tell what they have by number, not by the highest one. What is missing and was numbered a moment
ago is therefore not said to be lost.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sapa.channels.channel import USER_PREFIX, ChannelLog, Subscriber
from sapa.channels.fan_out_task import json_text
from sapa.channels.membership import Membership
from sapa.channels.publisher import event_content
from sapa.connections.frames import MessageId, error_frame, render
from sapa.errors import MessageError
from sapa.refusals import ForbiddenChannelError, RefusalError

# A post takes some 10 ms and a message has 25 s; what is left comes with the next `$resume`.
MAX_EVENTS = 1_000
MAX_BYTES = 4_194_304
# Of larger channels, and beyond this size in all, members are not told.
MAX_MEMBERS = 200
MAX_MEMBERS_BYTES = 65_536
# Longer than any function that publishes may run: a number that was taken before that has its
# event, or never will.
ON_ITS_WAY_SECONDS = 30


@dataclass(slots=True)
class _Answer:
    """What has been found so far."""

    events: list[str] = field(default_factory=list)
    events_bytes: int = 0
    gaps: dict[str, dict[str, int]] = field(default_factory=dict)
    resumed: dict[str, int] = field(default_factory=dict)
    more: dict[str, int] = field(default_factory=dict)
    members: dict[str, list[dict[str, str | int]]] = field(default_factory=dict)
    members_bytes: int = 0
    refusals: dict[str, MessageError] = field(default_factory=dict)

    def takes(self, frame: str) -> bool:
        """Add an event, if there is room for it."""
        size = len(frame.encode())
        if len(self.events) == MAX_EVENTS or self.events_bytes + size > MAX_BYTES:
            return False
        self.events.append(frame)
        self.events_bytes += size
        return True

    def refuse(self, channel: str, refusal: RefusalError, message_id: MessageId | None) -> None:
        """One error frame for each code names all channels that it is about."""
        error = self.refusals.setdefault(
            refusal.code,
            MessageError(refusal.code, str(refusal), fields={}, message_id=message_id),
        )
        error.fields = {**(error.fields or {}), channel: str(refusal)}

    def frames(self, message_id: MessageId | None) -> list[str]:
        """Gaps, events, errors, and that it is done."""
        gaps = [render({"$gap": self.gaps}, None)] if self.gaps else []
        errors = [error_frame(error) for error in self.refusals.values()]
        done: dict[str, object] = {"$resumed": self.resumed, "$members": self.members}
        if self.more:
            done["$more"] = self.more
        return [*gaps, *self.events, *errors, render(done, message_id)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumer:
    """Answers `$resume`.

    `keeps` tells whether a channel has a history; `clock` gives epoch milliseconds.
    """

    membership: Membership
    log: ChannelLog
    keeps: Callable[[str], bool]
    clock: Callable[[], int]

    def frames(
        self, subscriber: Subscriber, positions: Mapping[str, int], message_id: MessageId | None
    ) -> list[str]:
        """Join the channels and tell what was published in each after its position.

        `$resumed` has the number that each channel is at now; `$more` has the last numbers of
        those of which only a part was sent, which want another `$resume` from there. Raises
        `StoreError` and `QueueError`.
        """
        answer = _Answer()
        joined = [
            channel for channel in positions if self._joins(answer, subscriber, channel, message_id)
        ]
        for channel in joined:
            if self.keeps(channel):
                self._missed(answer, channel, positions[channel])
            else:
                self._lost(answer, channel, positions[channel])
            self._members(answer, channel)
        return answer.frames(message_id)

    def _joins(
        self, answer: _Answer, subscriber: Subscriber, channel: str, message_id: MessageId | None
    ) -> bool:
        try:
            if not self.membership.may_resume(subscriber, channel):
                raise ForbiddenChannelError(channel)
            self.membership.join(subscriber, channel)
        except RefusalError as refusal:
            answer.refuse(channel, refusal, message_id)
            return False
        return True

    def _missed(self, answer: _Answer, channel: str, position: int) -> None:
        """Add what is kept.

        Events expire in order. So if the one at the position is still there, all later ones are,
        and numbers that are missing among them have no event, or none yet; else those up to the
        first that is there count as lost, unless that one is so young that they may be on their
        way: who misses them asks again.
        """
        reached, known = position, False
        settled_at = self.clock() - ON_ITS_WAY_SECONDS * 1000
        for event in self.log.after(channel, position - 1, self.clock() // 1000):
            if event.sequence <= position:
                known = True
                continue
            if not answer.takes(json_text(event_content(event))):
                answer.more[channel] = self.log.last_sequence(channel)
                break
            if not known and event.sequence > position + 1 and event.sent_at <= settled_at:
                answer.gaps[channel] = {"from": position + 1, "to": event.sequence - 1}
            reached, known = event.sequence, True
        if known or channel in answer.more:
            answer.resumed[channel] = reached
        else:
            self._none_kept(answer, channel, position)

    def _none_kept(self, answer: _Answer, channel: str, position: int) -> None:
        """All has expired, or what there is of the channel is being stored."""
        last, taken_at = self.log.latest(channel)
        if taken_at * 1000 > self.clock() - ON_ITS_WAY_SECONDS * 1000:
            answer.resumed[channel] = last
        else:
            self._lost(answer, channel, position)

    def _lost(self, answer: _Answer, channel: str, position: int) -> None:
        """Nothing is kept: all that was published is lost."""
        last = self.log.last_sequence(channel)
        if last > position:
            answer.gaps[channel] = {"from": position + 1, "to": last}
        answer.resumed[channel] = last

    def _members(self, answer: _Answer, channel: str) -> None:
        if channel.startswith(USER_PREFIX):
            return
        found = self.membership.members(channel, MAX_MEMBERS + 1)
        members: list[dict[str, str | int]] = [
            {"username": one.username, "since": one.since} for one in found
        ]
        size = len(render({channel: members}, None).encode())
        if len(members) <= MAX_MEMBERS and answer.members_bytes + size <= MAX_MEMBERS_BYTES:
            answer.members[channel] = members
            answer.members_bytes += size
