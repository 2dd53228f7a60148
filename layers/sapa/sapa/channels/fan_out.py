"""Fan-out: from one dispatch in the queue to a frame on every socket.

A channel larger than a page is first cut into dispatches of a page each, so that it costs more
invocations and not longer ones. What an invocation cannot deliver goes back to the queue for
exactly those who have not got it. Frames may arrive twice, then with the same `$sequence`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sapa.channels.channel import Subscription
from sapa.channels.fan_out_task import Dispatch, EventQueue, Recipient, Shards
from sapa.connections.sender import BulkSender, Outcome
from sapa.errors import UndeliveredError

# What one invocation posts.
PAGE = 1000
# Shards hold about half a page: the number of members at which a channel gets another one.
SHARDS_PER_PAGE = 2
# Into so many dispatches one is cut; the largest channels are cut twice.
MAX_PARTS = 32
# A handshake may take so long: until then a 410 means "not open yet" as well as "gone".
HANDSHAKE_MILLISECONDS = 30_000
# Rounds of posts in an invocation, and how often what is left goes back to the queue.
ROUNDS = 3
MAX_ATTEMPTS = 5
_FIRST_PAUSE = 0.1
_LONGEST_DELAY = 60


class SubscriptionPage(Protocol):
    """Part of a shard; `start` is where the next one begins, `None` after the last."""

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        """Those that expired included."""

    @property
    def start(self) -> str | None:
        """A connection id."""


class SubscriptionReader(Protocol):
    """A channel's subscriptions, shard by shard; raises `StoreError`."""

    def shards(self, channel: str) -> int:
        """How many shards the channel has."""

    def page(self, channel: str, shard: int, start: str | None, limit: int) -> SubscriptionPage:
        """Up to `limit` subscriptions of a shard, after the connection `start`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a dispatch, in numbers of recipients.

    `lag_ms` is the time from the acceptance of what it carries to the last post, if any arrived.
    """

    delivered: int = 0
    gone: int = 0
    requeued: int = 0
    lag_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """Delivers dispatches.

    `forget` takes connections that a channel still had, and that are gone, out of everything;
    `clock` gives epoch milliseconds, `pause` waits for seconds, `chance` gives numbers from 0 to 1.
    """

    subscriptions: SubscriptionReader
    queue: EventQueue
    sender: BulkSender
    forget: Callable[[Iterable[str], str], None]
    clock: Callable[[], int]
    pause: Callable[[float], None]
    chance: Callable[[], float]
    page_size: int = PAGE

    def deliver(self, dispatch: Dispatch, time_left: Callable[[], float]) -> Delivery:
        """Deliver as much as `time_left` (seconds) allows and queue the rest.

        Raises `UndeliveredError` when the rest has been tried often enough, `StoreError` and
        `QueueError`; the dispatch then has to come back.
        """
        recipients = self._recipients(dispatch)
        found = self._post(dispatch, recipients, time_left)
        left = found.slow + found.pending
        delivered = len(recipients) - len(found.gone) - len(left)
        lag_ms = self._lag(dispatch) if delivered else None
        self.forget(found.gone, dispatch.channel)
        self._requeue(dispatch, len(recipients), left)
        return Delivery(
            delivered=delivered, gone=len(found.gone), requeued=len(left), lag_ms=lag_ms
        )

    def _lag(self, dispatch: Dispatch) -> int | None:
        sent_at = dispatch.content.get("$sent_at")
        return max(self.clock() - sent_at, 0) if isinstance(sent_at, int) else None

    def _recipients(self, dispatch: Dispatch) -> Sequence[Recipient]:
        """Whom to post to now; the other parts of the channel are queued before."""
        if dispatch.recipients is not None:
            return dispatch.recipients
        channel = dispatch.channel
        shards = dispatch.shards or Shards(0, self.subscriptions.shards(channel))
        if shards.end - shards.first > SHARDS_PER_PAGE:
            self.queue.send([dispatch.within(part) for part in parts(shards)])
            return ()
        found, rest = self._read(channel, shards)
        if rest is not None:
            self.queue.send([dispatch.within(rest)])
        now = self.clock() // 1000
        return [
            Recipient(one.subscriber.connection_id, one.since)
            for one in found
            if one.subscriber.expires_at > now and one.subscriber.connection_id != dispatch.exclude
        ]

    def _read(self, channel: str, shards: Shards) -> tuple[list[Subscription], Shards | None]:
        """A page of subscriptions and where the next one begins."""
        found: list[Subscription] = []
        start = shards.start
        for shard in range(shards.first, shards.end):
            while True:
                if len(found) >= self.page_size:
                    return found, Shards(shard, shards.end, start)
                page = self.subscriptions.page(channel, shard, start, self.page_size - len(found))
                found += page.subscriptions
                start = page.start
                if start is None:
                    break
        return found, None

    def _post(
        self, dispatch: Dispatch, recipients: Sequence[Recipient], time_left: Callable[[], float]
    ) -> "_Found":
        """Post to all, and again to those who could not be reached, as long as there is time.

        Who is slow is left for later: everybody else has it by then.
        """
        frame = dispatch.frame()
        found = _Found([], [], list(recipients))
        for number in range(ROUNDS):
            if number:
                pause = _FIRST_PAUSE * 4 ** (number - 1) * (0.5 + self.chance())
                if pause >= time_left():
                    break
                self.pause(pause)
            if not found.pending or time_left() <= 0:
                break
            ids = [one.connection_id for one in found.pending]
            found = found.after(self.sender.post_all(frame, ids, time_left()), self.clock())
        return found

    def _requeue(self, dispatch: Dispatch, tried: int, pending: Sequence[Recipient]) -> None:
        if not pending:
            return
        attempt = dispatch.attempt + 1
        if attempt > MAX_ATTEMPTS:
            if len(pending) == tried:
                raise UndeliveredError(dispatch.channel, tried)
            # Some got it at last: the queue must not hold their names any more.
            attempt = dispatch.attempt
        delay = min(2**attempt, _LONGEST_DELAY) * (0.5 + self.chance() / 2)
        self.queue.send([dispatch.again_for(pending, attempt)], round(delay))


@dataclass(frozen=True, slots=True)
class _Found:
    """Who is gone, who does not answer, and who has not been reached yet."""

    gone: list[str]
    slow: list[Recipient]
    pending: list[Recipient]

    def after(self, outcomes: Mapping[str, Outcome], now: int) -> "_Found":
        found = _Found(list(self.gone), list(self.slow), [])
        for one in self.pending:
            match outcomes[one.connection_id]:
                case Outcome.DELIVERED:
                    pass
                case Outcome.SLOW:
                    found.slow.append(one)
                case Outcome.GONE if now - one.since >= HANDSHAKE_MILLISECONDS:
                    found.gone.append(one.connection_id)
                case _:
                    found.pending.append(one)
        return found


def parts(shards: Shards) -> list[Shards]:
    """The range cut into `MAX_PARTS` at most, each of whole pages."""
    pages = -(-(shards.end - shards.first) // SHARDS_PER_PAGE)
    step = -(-pages // MAX_PARTS) * SHARDS_PER_PAGE
    found = []
    for first in range(shards.first, shards.end, step):
        start = shards.start if first == shards.first else None
        found.append(Shards(first, min(first + step, shards.end), start))
    return found
