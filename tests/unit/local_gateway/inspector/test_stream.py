import asyncio
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from local_gateway.core.websocket.connection import Connection
from local_gateway.inspector.connection_list import ConnectionList
from local_gateway.inspector.inspector import Inspector, Ring
from local_gateway.inspector.stream import EVENT_ROWS, SlowPageError, Stream, event
from local_gateway.records import LogLine, Record


class NoConnections:
    """A gateway without connections."""

    def open_connections(self) -> Iterable[Connection]:
        return ()

    def close_connection(self, connection_id: str) -> bool:
        return False


class FakePage:
    """Takes `most` pieces and is gone then."""

    def __init__(self, most: int) -> None:
        self.received: list[bytes] = []
        self.has_begun = asyncio.Event()
        self._most = most

    @property
    def is_open(self) -> bool:
        return len(self.received) < self._most

    async def write(self, data: bytes) -> None:
        self.received.append(data)
        self.has_begun.set()

    def events(self) -> Iterator[tuple[str, Any]]:
        for data in self.received:
            name, content, *rest = data.decode().split("\n")
            assert rest == ["", ""]
            yield name.removeprefix("event: "), json.loads(content.removeprefix("data: "))


class StuckPage(FakePage):
    """Never takes anything."""

    async def write(self, data: bytes) -> None:
        await asyncio.get_running_loop().create_future()


def inspector(max_items: int = 10_000) -> Inspector:
    return Inspector(Ring[Record](max_items, 10_000_000))


def line(text: str) -> LogLine:
    return LogLine(1, "Echo", "stdout", text, None)


def stream(inspector: Inspector, write_seconds: float = 20.0) -> Stream:
    connections = ConnectionList(NoConnections(), inspector)
    return Stream(inspector, connections, run="run-1", write_seconds=write_seconds)


def test_an_event_is_a_name_and_one_line_of_data() -> None:
    assert event("rows", {"text": "a\r\nb"}) == b'event: rows\ndata: {"text":"a\\r\\nb"}\n\n'


def test_text_stays_as_it_is_unless_it_cannot_be_sent() -> None:
    assert event("rows", "Grüße\u2028") == 'event: rows\ndata: "Grüße\u2028"\n\n'.encode()
    assert event("rows", "\ud800") == b'event: rows\ndata: "?"\n\n'


async def test_a_page_gets_a_snapshot_first_and_then_what_is_remembered() -> None:
    watched = inspector()
    watched.observe(line("before"))
    page = FakePage(2)
    await stream(watched).serve(page)
    (first, snapshot), (second, rows) = page.events()
    assert (first, snapshot) == ("snapshot", {"run": "run-1", "connections": []})
    assert (second, [row["text"] for row in rows]) == ("rows", ["before"])
    assert watched.watchers == 0


async def test_much_comes_in_pieces_without_a_gap() -> None:
    watched = inspector()
    for number in range(EVENT_ROWS + 1):
        watched.observe(line(str(number)))
    page = FakePage(3)
    await stream(watched).serve(page)
    numbers = [[row["number"] for row in rows] for name, rows in page.events() if name == "rows"]
    assert numbers == [list(range(1, EVENT_ROWS + 1)), [EVENT_ROWS + 1]]


async def test_what_happens_later_follows() -> None:
    watched = inspector()
    page = FakePage(2)
    serving = asyncio.create_task(stream(watched).serve(page))
    await page.has_begun.wait()
    watched.observe(line("later"))
    await asyncio.wait_for(serving, 20)
    assert [name for name, _ in page.events()] == ["snapshot", "rows"]


async def test_a_page_sees_by_the_numbers_what_it_missed() -> None:
    class SlowPage(FakePage):
        async def write(self, data: bytes) -> None:
            await super().write(data)
            for _ in range(5):
                watched.observe(line("x"))

    watched = inspector(max_items=3)
    watched.observe(line("x"))
    page = SlowPage(3)
    await stream(watched).serve(page)
    numbers = [[row["number"] for row in rows] for name, rows in page.events() if name == "rows"]
    assert numbers[:2] == [[4, 5, 6], [9, 10, 11]]


async def test_a_page_that_does_not_read_is_dropped() -> None:
    watched = inspector()
    with pytest.raises(SlowPageError):
        await asyncio.wait_for(stream(watched, write_seconds=0).serve(StuckPage(1)), 20)
    assert watched.watchers == 0
