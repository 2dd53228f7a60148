"""A bounded buffer of the newest items."""

from collections import deque
from itertools import islice


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
