"""A connection beside a server that loses frames."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from sapa_client.connection import Connection, Timing

ACCEPTED = {"$answer": "a", "$channel": "answer:a"}
IMPATIENT = Timing(hole=0.1, silence=0.1)
PATIENT = Timing(hole=60.0, silence=60.0)

type Script = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]


def frame(number: int, **content: Any) -> dict[str, Any]:
    return {"$channel": "answer:a", "$sequence": number, "$sent_at": 1, **content}


END = frame(3, **{"$end": "done"})


@asynccontextmanager
async def connected(script: Script, timing: Timing) -> AsyncIterator[Connection]:
    """A connection to a server that does for each message what the script says."""

    async def handle(socket: ServerConnection) -> None:
        async for text in socket:
            await script(socket, json.loads(text))

    async with asyncio.timeout(30), serve(handle, "127.0.0.1", 0) as server:
        [listening] = server.sockets
        url = f"ws://127.0.0.1:{listening.getsockname()[1]}/ws"
        async with Connection(url, cookie="", timing=timing) as connection:
            yield connection


async def send(socket: ServerConnection, *frames: dict[str, Any]) -> None:
    for each in frames:
        await socket.send(json.dumps(each))


async def test_a_part_may_overtake_the_frame_that_accepts_the_message() -> None:
    async def script(socket: ServerConnection, message: dict[str, Any]) -> None:
        accepted = {**ACCEPTED, "$id": message["$id"]}
        await send(socket, frame(1, message="a"), accepted, frame(2, message="b"), END)

    async with connected(script, PATIENT) as connection:
        answer = await connection.start({"words": 2})
        assert await answer.text() == "ab"


@pytest.mark.parametrize(
    ("arrives", "position"),
    [
        pytest.param([frame(2, message="b"), END], 0, id="a hole"),
        pytest.param([frame(1, message="a")], 1, id="silence after a part"),
        pytest.param([], 0, id="silence from the beginning"),
    ],
)
async def test_what_does_not_arrive_is_asked_for(
    arrives: list[dict[str, Any]], position: int
) -> None:
    """The server has taken the connection for gone, or a frame was lost."""
    positions: list[Any] = []

    async def script(socket: ServerConnection, message: dict[str, Any]) -> None:
        if "$resume" in message:
            positions.append(message["$resume"])
            await send(socket, frame(1, message="a"), frame(2, message="b"), END)
        else:
            await send(socket, {**ACCEPTED, "$id": message["$id"]}, *arrives)

    async with connected(script, IMPATIENT) as connection:
        answer = await connection.start({"words": 2})
        assert await answer.text() == "ab"
    assert positions[0] == {"answer:a": position}


async def test_an_answer_that_has_ended_is_not_asked_for() -> None:
    resumed: list[Any] = []

    async def script(socket: ServerConnection, message: dict[str, Any]) -> None:
        if "$resume" in message:
            resumed.append(message)
            await send(socket, frame(1, **{"$end": "done"}) | {"$channel": "answer:b"})
        elif message.get("words") == 1:
            await send(socket, {**ACCEPTED, "$id": message["$id"]})
            await send(socket, frame(1, message="a"), frame(2, message="b"), END)
        else:
            accepted = {"$answer": "b", "$channel": "answer:b", "$id": message["$id"]}
            await send(socket, accepted)

    async with connected(script, IMPATIENT) as connection:
        first = await connection.start({"words": 1})
        await first.text()
        second = await connection.start({"words": 2})
        await second.text()
    assert [each["$resume"] for each in resumed] == [{"answer:b": 0}]
