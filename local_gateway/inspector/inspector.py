"""Keeps the newest records for the page, and wakes the open pages."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from sys import getsizeof

from local_gateway.records import ApiRecord, Direction, Frame, InvocationRecord, LogLine, Record

MAX_RECORDS = 4_000
MAX_BYTES = 8 * 1024 * 1024
MAX_COUNTED = 10_000
# The size of a record without its text: the tuple, its numbers, its place in the ring.
BASE_BYTES = 400


class Ring[T]:
    """Keeps the newest items, up to `max_items` and `max_bytes`.

    Items are numbered from 1 in their order, without gaps, so a reader needs only the number of the
    last item that it has read. An item larger than `max_bytes` is not kept.
    """

    def __init__(self, max_items: int, max_bytes: int) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._items: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._last = 0

    @property
    def last(self) -> int:
        """The number of the newest item; 0 before the first."""
        return self._last

    @property
    def weight(self) -> int:
        """The size of all items in bytes."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._items)

    def append(self, item: T, weight: int) -> None:
        """Add an item of `weight` bytes; the oldest are dropped when there is no room."""
        items = self._items
        items.append((item, weight))
        self._last += 1
        self._bytes += weight
        while self._bytes > self._max_bytes or len(items) > self._max_items:
            self._bytes -= items.popleft()[1]

    def after(self, number: int, *, max_items: int, max_bytes: int) -> tuple[int, list[T]]:
        """The number of the first item after `number`, and the items from there, oldest first.

        Up to `max_items`, and none after they have `max_bytes`. The first number is not
        `number + 1` when items in between were dropped.
        """
        first = self._last - len(self._items) + 1
        start = max(number + 1, first)
        taken: list[T] = []
        weight = 0
        for item, bytes_of_item in islice(self._items, start - first, None):
            if len(taken) == max_items or weight >= max_bytes:
                break
            taken.append(item)
            weight += bytes_of_item
        return start, taken


@dataclass(slots=True)
class Counts:
    """How many messages a connection has sent and received."""

    messages_in: int = 0
    messages_out: int = 0


NO_MESSAGES = Counts()


class Inspector:
    """Costs about a microsecond for each record while no page is open.

    It keeps the newest `MAX_RECORDS` records or `MAX_BYTES` of them, whichever is less, and counts
    the messages of the `MAX_COUNTED` connections that were busy last.
    """

    def __init__(self, ring: Ring[Record] | None = None) -> None:
        self.ring = ring if ring is not None else Ring[Record](MAX_RECORDS, MAX_BYTES)
        self._counts: OrderedDict[str, Counts] = OrderedDict()
        self._pages: set[asyncio.Event] = set()

    def counts(self, connection_id: str) -> Counts:
        """The number of a connection's messages so far."""
        return self._counts.get(connection_id, NO_MESSAGES)

    @contextmanager
    def watch(self) -> Iterator[asyncio.Event]:
        """An event that is set with each record, until the end of the `with` block."""
        page = asyncio.Event()
        self._pages.add(page)
        try:
            yield page
        finally:
            self._pages.remove(page)

    @property
    def watchers(self) -> int:
        """The number of open pages."""
        return len(self._pages)

    def observe(self, record: Record, /) -> None:
        """Keep a record, count it if it is a message, and wake the pages."""
        match record:
            case Frame():
                self._count(record)
                weight = getsizeof(record.text)
            case LogLine():
                weight = getsizeof(record.text)
            case ApiRecord() | InvocationRecord():
                weight = len(record.detail or "")
        self.ring.append(record, BASE_BYTES + weight)
        for page in self._pages:
            page.set()

    def _count(self, frame: Frame) -> None:
        counts = self._counts.get(frame.connection_id)
        if counts is None:
            counts = self._counts[frame.connection_id] = Counts()
            if len(self._counts) > MAX_COUNTED:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(frame.connection_id)
        if frame.direction is Direction.IN:
            counts.messages_in += 1
        else:
            counts.messages_out += 1
