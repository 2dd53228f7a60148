"""A reader of Server-Sent Events, as strict as a browser."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

DEADLINE = 20.0


class EventStream:
    """The events of one page and what they add up to: rows, open connections."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.names: list[str] = []
        self.rows: list[dict[str, Any]] = []
        self.connections: dict[str, dict[str, Any]] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, session: aiohttp.ClientSession, page: str) -> AsyncIterator[Self]:
        """The stream of the inspector at `page`, with its snapshot."""
        async with session.get(f"{page}/events") as response:
            assert response.status == 200
            assert response.content_type == "text/event-stream"
            stream = cls(response)
            await stream.read()
            yield stream

    async def until(self, holds: Callable[[Self], bool]) -> None:
        """Read on until this is so."""
        while not holds(self):
            await self.read()

    async def row(self, **expected: object) -> dict[str, Any]:
        """The first row with these values, waiting for it."""

        def find(stream: EventStream) -> list[dict[str, Any]]:
            return [row for row in stream.rows if expected.items() <= row.items()]

        await self.until(lambda stream: bool(find(stream)))
        return find(self)[0]

    async def read(self) -> None:
        """Take one event."""
        async with asyncio.timeout(DEADLINE):
            lines = [await self.response.content.readline() for _ in range(3)]
        assert lines[2] == b"\n", "an event is two lines and an empty one"
        name = lines[0].decode().removeprefix("event: ").rstrip("\n")
        data = json.loads(lines[1].decode().removeprefix("data: "))
        self.names.append(name)
        match name:
            case "snapshot":
                self.connections = {one["id"]: one for one in data["connections"]}
            case "rows":
                self.rows += data
            case "connections":
                self.connections |= {one["id"]: one for one in data["changed"]}
                for connection_id in data["gone"]:
                    del self.connections[connection_id]
            case _:
                raise AssertionError(f"an event that no page knows: {name}")
