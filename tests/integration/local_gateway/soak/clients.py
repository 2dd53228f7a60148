"""Clients that talk to the soak's application, vanish now and then, and come back."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from local_gateway.core.chaos import Chaos, Fault

SECONDS = 60.0
HANDSHAKES = 50
MOST_TRIES = 20
POST_EVERY = 25
PLAIN: dict[str, Any] = {"compression": None, "ping_interval": None, "proxy": None}


@dataclass(slots=True)
class Tally:
    """What the clients have seen so far."""

    opened: int = 0
    answered: int = 0
    errors: int = 0
    dropped: int = 0
    vanished: int = 0
    refused: int = 0
    problems: list[str] = field(default_factory=list)


class TalkingClients:
    """Some clients at once, each of which says something until it was answered so many times.

    The `drop` of `faults` decides which client vanishes after which message, without a close frame.
    `echo` is the action that is answered with `prefix` and what was said.
    """

    def __init__(self, url: str, *, faults: Chaos, echo: str = "echo", prefix: str = "") -> None:
        self.tally = Tally()
        self._url = url
        self._faults = faults
        self._actions = [*[echo] * (POST_EVERY - 1), echo if prefix else "post"]
        self._prefix = prefix
        self._handshakes = asyncio.Semaphore(HANDSHAKES)

    async def talk(self, *, clients: int, messages: int) -> Tally:
        """Have all of them connect, then talk until everything is answered, and close."""
        everybody = asyncio.Barrier(clients)
        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(self._live(number, messages, everybody))
        return self.tally

    async def _live(self, number: int, messages: int, everybody: asyncio.Barrier) -> None:
        answered = 0
        for attempt in range(MOST_TRIES):
            socket = await self._open()
            if attempt == 0:
                await everybody.wait()
            answered = await self._talk(socket, number, answered, messages)
            if answered == messages:
                return
        self.tally.problems.append(f"client {number} was answered {answered} of {messages} times")

    async def _talk(self, socket: ClientConnection, number: int, at: int, messages: int) -> int:
        """Say what is left to say; how far that went before one of both vanished."""
        try:
            while at < messages:
                await self._ask(socket, number, at)
                at += 1
                if self._faults.applies(Fault.DROP, number, at):
                    socket.transport.abort()
                    self.tally.vanished += 1
                    return at
            await socket.close()
        except ConnectionClosed:
            self.tally.dropped += 1
        return at

    async def _ask(self, socket: ClientConnection, number: int, at: int) -> None:
        action = self._actions[(number + at) % len(self._actions)]
        text = json.dumps({"action": action, "n": f"{number}/{at}"})
        await socket.send(text)
        answer = str(await asyncio.wait_for(socket.recv(), SECONDS))
        if answer == self._prefix + text:
            self.tally.answered += 1
        elif "Internal server error" in answer:
            self.tally.errors += 1
        else:
            self.tally.problems.append(f"{text} was answered {answer}")

    async def _open(self) -> ClientConnection:
        for _ in range(MOST_TRIES):
            try:
                async with self._handshakes:
                    socket = await connect(self._url, open_timeout=SECONDS, **PLAIN)
            except InvalidStatus:
                self.tally.refused += 1
            else:
                self.tally.opened += 1
                return socket
        raise AssertionError(f"refused {MOST_TRIES} times")
