"""Fan-out: from a task in the queue to a frame on every socket.

The task of a channel larger than a page is first split into tasks of a page each, so that it takes
more invocations and not longer ones. Recipients that one invocation could not reach go back to the
queue by name. Frames may arrive twice, then with the same `$sequence`.

A connection that takes no frames is given up after some attempts: its client sees the gap in the
numbers and resumes. Only if the management API itself fails does the event go to the dead-letter
queue.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from sapa.channels.channel import Subscription, SubscriptionPage
from sapa.channels.fan_out_task import FanOutQueue, FanOutTask, Recipient, Shards
from sapa.connections.connection import HANDSHAKE_SECONDS
from sapa.connections.sender import BulkSender, PostOutcome
from sapa.errors import SapaError, UndeliveredError
from sapa.observability import logger

# The posts of one invocation.
PAGE = 1000
# Shards hold about half a page: the number of members at which a channel gets another one.
SHARDS_PER_PAGE = 2
# A task is split into so many; the largest channels are split twice.
MAX_PARTS = 32
# Until then a 410 means "not open yet" as well as "gone".
HANDSHAKE_MILLISECONDS = HANDSHAKE_SECONDS * 1000
# Rounds of posts in an invocation, and how often undelivered recipients go back to the queue.
ROUNDS = 3
MAX_ATTEMPTS = 5
_FIRST_PAUSE = 0.1
_LONGEST_DELAY = 60
_REMOVING_THREADS = 8


class SubscriptionReader(Protocol):
    """A channel's subscriptions, shard by shard; raises `StoreError`."""

    def shards(self, channel: str) -> int:
        """How many shards the channel has."""

    def page(self, channel: str, shard: int, start: str | None, limit: int) -> SubscriptionPage:
        """Up to `limit` subscriptions of a shard, after the connection `start`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOutResult:
    """The result of a task, in numbers of recipients.

    `lag_ms` is the time from the acceptance of the event to the last post, if any arrived.
    """

    delivered: int = 0
    gone: int = 0
    requeued: int = 0
    given_up: int = 0
    lag_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """Delivers tasks.

    `remove_connection` gets a connection that is gone and the channel that still had it. `clock`
    gives epoch milliseconds, `sleep` waits for seconds, `jitter` gives numbers from 0 to 1.
    """

    subscriptions: SubscriptionReader
    queue: FanOutQueue
    sender: BulkSender
    remove_connection: Callable[[str, str], None]
    clock: Callable[[], int]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    page_size: int = PAGE

    def deliver(self, task: FanOutTask, time_left: Callable[[], float]) -> FanOutResult:
        """Deliver as much as `time_left` (seconds) allows and queue the rest.

        Recipients that do not read are given up when they have been tried often enough. Raises
        `UndeliveredError` when the rest has, `StoreError` and `QueueError`; the task then has to
        return to the queue.
        """
        recipients = self._recipients(task)
        progress = self._post(task, recipients, time_left)
        left = progress.slow + progress.pending
        delivered = len(recipients) - len(progress.gone) - len(left)
        lag_ms = self._lag(task) if delivered else None
        self._remove(progress.gone, task.channel)
        given_up = self._given_up(task, progress)
        requeued = [each for each in left if each not in given_up]
        self._requeue(task, len(recipients), requeued)
        return FanOutResult(
            delivered=delivered,
            gone=len(progress.gone),
            requeued=len(requeued),
            given_up=len(given_up),
            lag_ms=lag_ms,
        )

    def _lag(self, task: FanOutTask) -> int | None:
        sent_at = task.content.get("$sent_at")
        return max(self.clock() - sent_at, 0) if isinstance(sent_at, int) else None

    def _recipients(self, task: FanOutTask) -> Sequence[Recipient]:
        """The recipients of this invocation; the other parts of the channel are queued first."""
        if task.recipients is not None:
            return task.recipients
        channel = task.channel
        shards = task.shards or Shards(0, self.subscriptions.shards(channel))
        if shards.end - shards.first > SHARDS_PER_PAGE:
            self.queue.send([task.within(part) for part in split(shards)])
            return ()
        subscriptions, rest = self._read(channel, shards)
        if rest is not None:
            self.queue.send([task.within(rest)])
        now = self.clock() // 1000
        return [
            Recipient(each.subscriber.connection_id, each.since)
            for each in subscriptions
            if each.subscriber.expires_at > now and each.subscriber.connection_id != task.exclude
        ]

    def _read(self, channel: str, shards: Shards) -> tuple[list[Subscription], Shards | None]:
        """A page of subscriptions, and where the next one begins."""
        subscriptions: list[Subscription] = []
        start = shards.start
        for shard in range(shards.first, shards.end):
            while True:
                room = self.page_size - len(subscriptions)
                if room <= 0:
                    return subscriptions, Shards(shard, shards.end, start)
                page = self.subscriptions.page(channel, shard, start, room)
                subscriptions += page.subscriptions
                start = page.start
                if start is None:
                    break
        return subscriptions, None

    def _post(
        self, task: FanOutTask, recipients: Sequence[Recipient], time_left: Callable[[], float]
    ) -> "_Progress":
        """Post to all, and again to those that were not reached, as long as there is time.

        Slow connections are left for later: all others have the frame by then.
        """
        frame = task.frame()
        progress = _Progress([], [], list(recipients), frozenset())
        for number in range(ROUNDS):
            if number:
                seconds = _FIRST_PAUSE * 4 ** (number - 1) * (0.5 + self.jitter())
                if seconds >= time_left():
                    break
                self.sleep(seconds)
            if not progress.pending or time_left() <= 0:
                break
            ids = [each.connection_id for each in progress.pending]
            outcomes = self.sender.post_all(frame, ids, time_left())
            progress = progress.after(outcomes, self.clock())
        return progress

    def _remove(self, connection_ids: Sequence[str], channel: str) -> None:
        """Remove each connection that is gone.

        If that fails, the channel's next event finds the connection gone again, or it expires.
        """

        def remove(connection_id: str) -> None:
            logger.info("connection gone", connection_id=connection_id)
            try:
                self.remove_connection(connection_id, channel)
            except SapaError as error:
                logger.warning(
                    "connection not removed", connection_id=connection_id, error=str(error)
                )

        if connection_ids:
            with ThreadPoolExecutor(min(_REMOVING_THREADS, len(connection_ids))) as pool:
                list(pool.map(remove, connection_ids))

    def _given_up(self, task: FanOutTask, progress: "_Progress") -> list[Recipient]:
        """The recipients that do not read and have been tried often enough."""
        if task.attempt < MAX_ATTEMPTS:
            return []
        limited = [each for each in progress.pending if each.connection_id in progress.limited]
        given_up = progress.slow + limited
        for recipient in given_up:
            logger.warning(
                "recipient given up", connection_id=recipient.connection_id, channel=task.channel
            )
        return given_up

    def _requeue(self, task: FanOutTask, tried: int, pending: Sequence[Recipient]) -> None:
        if not pending:
            return
        attempt = task.attempt + 1
        if attempt > MAX_ATTEMPTS:
            if len(pending) == tried:
                raise UndeliveredError(task.channel, tried)
            # Some were reached or given up: the queue must not name them any more.
            attempt = task.attempt
        delay = min(2**attempt, _LONGEST_DELAY) * (0.5 + self.jitter() / 2)
        self.queue.send([task.again_for(pending, attempt)], round(delay))


@dataclass(frozen=True, slots=True)
class _Progress:
    """The connections that are gone, those that do not answer, and those not reached yet.

    `limited` are the ids of those not reached yet that took no frame in the last round.
    """

    gone: list[str]
    slow: list[Recipient]
    pending: list[Recipient]
    limited: frozenset[str]

    def after(self, outcomes: Mapping[str, PostOutcome], now: int) -> "_Progress":
        """The progress after a round of posts."""
        limited = (each for each, outcome in outcomes.items() if outcome is PostOutcome.LIMITED)
        progress = _Progress(list(self.gone), list(self.slow), [], frozenset(limited))
        for recipient in self.pending:
            match outcomes[recipient.connection_id]:
                case PostOutcome.DELIVERED:
                    pass
                case PostOutcome.SLOW:
                    progress.slow.append(recipient)
                case PostOutcome.GONE if now - recipient.since >= HANDSHAKE_MILLISECONDS:
                    progress.gone.append(recipient.connection_id)
                case _:
                    progress.pending.append(recipient)
        return progress


def split(shards: Shards) -> list[Shards]:
    """Split a range into `MAX_PARTS` at most, each of whole pages."""
    pages = -(-(shards.end - shards.first) // SHARDS_PER_PAGE)
    step = -(-pages // MAX_PARTS) * SHARDS_PER_PAGE
    parts = []
    for first in range(shards.first, shards.end, step):
        start = shards.start if first == shards.first else None
        parts.append(Shards(first, min(first + step, shards.end), start))
    return parts
