"""A connection that lasts: it comes back after any close and asks for what it missed."""

import asyncio
import contextlib
import itertools
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

from sapa_client.answers import Answer
from sapa_client.errors import (
    AskError,
    ConnectionLostError,
    HandshakeError,
    SapaClientError,
    SessionEndedError,
)
from sapa_client.numbers import Numbers

# The server will not change its mind about these.
_FINAL_STATUSES = frozenset({400, 401, 403, 404, 429})
_FINAL_CODES = frozenset({"session_ended", "too_many_connections"})
_ANSWER_PREFIX = "answer:"
_TICK_SECONDS = 0.5

type Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a channel; `sent_at` is epoch milliseconds."""

    channel: str
    sequence: int
    sent_at: int
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """All in seconds: pauses between attempts, and how a dead connection is found out.

    After `quiet` seconds without a frame the client sends `$ping`, and after `dead` more without
    an answer it connects again. `lifetime` is the age at which it does so anyway, before API
    Gateway's two hours are over. A missing number is asked for after `hole` seconds, and a running
    answer after `silence`: the server says at least every 20 seconds that it goes on.
    """

    first_pause: float = 0.5
    longest_pause: float = 30.0
    reply: float = 30.0
    quiet: float = 240.0
    dead: float = 20.0
    lifetime: float = 115 * 60.0
    hole: float = 1.5
    silence: float = 30.0


@dataclass(slots=True)
class _Waiting:
    """A message that waits for its first reply; with `once` it is sent again after a reconnect."""

    message: dict[str, Any]
    once: bool
    reply: asyncio.Future[dict[str, Any]]


@dataclass(slots=True)
class _Channel:
    """A channel that is followed; of an answer, `silent_since` is when it was last heard."""

    numbers: Numbers = field(default_factory=Numbers)
    hole_since: float | None = None
    silent_since: float | None = None


class Connection:
    """A WebSocket to one endpoint; open it with `async with`.

    It raises `HandshakeError` at the start if the server refuses it. Afterwards it connects again
    whenever the socket closes, resumes its channels and answers, and sends again what was asked
    with `once`. It ends when the server says so: then everything raises `SessionEndedError`.
    """

    def __init__(self, url: str, *, cookie: str, timing: Timing | None = None) -> None:
        self.url = url
        self._cookie = cookie
        self._timing = timing or Timing()
        self._socket: ClientConnection | None = None
        self._waiting: dict[str, _Waiting] = {}
        self._channels: dict[str, _Channel] = {}
        self._answers: dict[str, Answer] = {}
        self._answer_channels: dict[str, _Channel] = {}
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._ids = itertools.count(1)
        self._opened = asyncio.Event()
        self._ended: SapaClientError | None = None
        self._task: asyncio.Task[None] | None = None
        self._heard_at = 0.0
        self._random = secrets.SystemRandom()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        opened = asyncio.create_task(self._opened.wait())
        await asyncio.wait({opened, self._task}, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if self._ended is not None:
            raise self._ended
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
        self._end(ConnectionLostError("the connection was closed"))

    async def ask(self, message: Message, *, once: bool = False) -> dict[str, Any]:
        """Send a message and wait for the first reply to it.

        With `once` its effect happens once: it is sent again after a reconnect until it is
        answered. Raises `AskError`, `TimeoutError`, `SessionEndedError`, and without `once`
        `ConnectionLostError`.
        """
        if self._ended is not None:
            raise self._ended
        message_id = f"ask-{next(self._ids)}"
        content = {**message, "$id": message_id}
        if once:
            content.setdefault("$once", secrets.token_urlsafe(16))
        waiting = _Waiting(content, once, asyncio.get_running_loop().create_future())
        self._waiting[message_id] = waiting
        try:
            await self._send(content, must_arrive=not once)
            async with asyncio.timeout(None if once else self._timing.reply):
                return await waiting.reply
        finally:
            self._waiting.pop(message_id, None)

    async def send(self, message: Message) -> None:
        """Send a message whose replies do not matter. Raises `ConnectionLostError`."""
        await self._send(message, must_arrive=True)

    async def start(self, message: Message, *, once: bool = True) -> Answer:
        """Ask a streaming process; the answer's parts arrive by themselves. Raises like `ask`."""
        reply = await self.ask(message, once=once)
        if "$answer" not in reply:
            raise AskError({"code": "no_stream", "message": "the endpoint does not stream"})
        return self.follow(str(reply["$answer"]))

    def follow(self, answer_id: str, *, after: int = 0) -> Answer:
        """Follow an answer that was asked on this connection, from the part behind `after`."""
        answer = self._answers.get(answer_id)
        if answer is None:
            answer = self._answers[answer_id] = Answer(answer_id, self._stop, after=after)
            self._answer_channels[answer_id] = _Channel(answer.numbers)
        return answer

    async def resume(self, answer_id: str, *, after: int = 0) -> Answer:
        """Follow an answer that was asked elsewhere by the same user. Raises `AskError`."""
        answer = self.follow(answer_id, after=after)
        await self.ask({"$resume": {answer.channel: answer.numbers.whole}})
        return answer

    async def answers(self) -> list[dict[str, Any]]:
        """The user's answers: `id`, `endpoint`, `started_at`, `status`, `last`."""
        reply = await self.ask({"$answers": True})
        return list(reply["$answers"])

    async def events(self) -> AsyncIterator[Event]:
        """The events of all channels, each once, until the connection ends."""
        while (event := await self._events.get()) is not None:
            yield event
        self._events.put_nowait(None)

    def reconnect(self) -> None:
        """Drop the socket, as a lost network does, and connect again."""
        if self._socket is not None:
            self._socket.transport.abort()

    def forget(self, channel: str) -> None:
        """Follow a channel no longer: it was left."""
        self._channels.pop(channel, None)

    async def _stop(self, answer_id: str) -> None:
        await self.ask({"$stop": answer_id})

    # The life of sockets

    async def _run(self) -> None:
        attempt = 0
        try:
            while self._ended is None:
                try:
                    headers = {"Cookie": self._cookie}
                    async with connect(self.url, additional_headers=headers) as socket:
                        attempt = 0
                        await self._live(socket)
                except InvalidStatus as error:
                    status = error.response.status_code
                    if status in _FINAL_STATUSES:
                        self._end(HandshakeError(status, error.response.reason_phrase))
                        return
                except (OSError, InvalidHandshake, WebSocketException, TimeoutError):
                    pass
                finally:
                    self._lose_socket()
                if self._ended is None:
                    attempt += 1
                    await asyncio.sleep(self._pause(attempt))
        finally:
            self._opened.set()

    def _pause(self, attempt: int) -> float:
        longest = min(self._timing.first_pause * 2 ** (attempt - 1), self._timing.longest_pause)
        return self._random.uniform(0, longest)

    async def _live(self, socket: ClientConnection) -> None:
        clock = asyncio.get_running_loop().time
        opened_at = self._heard_at = clock()
        self._socket = socket
        await self._catch_up()
        self._opened.set()
        watch = asyncio.create_task(self._watch(socket, opened_at))
        try:
            async for text in socket:
                self._heard_at = clock()
                self._receive(text)
                if self._ended is not None:
                    return
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _catch_up(self) -> None:
        """Ask for what was missed, then send again what has no reply yet, in order."""
        positions = {name: channel.numbers.whole for name, channel in self._channels.items()}
        for answer in self._answers.values():
            if not answer.has_ended:
                positions[answer.channel] = answer.numbers.whole
        if positions:
            await self._send({"$resume": positions}, must_arrive=True)
        for waiting in list(self._waiting.values()):
            if waiting.once:
                await self._send(waiting.message, must_arrive=True)

    async def _watch(self, socket: ClientConnection, opened_at: float) -> None:
        """Fill holes, and find out dead and old sockets."""
        clock, pinged_at = asyncio.get_running_loop().time, None
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = clock()
            await self._fill_holes(now)
            if pinged_at is not None and self._heard_at > pinged_at:
                pinged_at = None
            is_dead = pinged_at is not None and now - pinged_at > self._timing.dead
            is_old = now - opened_at > self._timing.lifetime and not self._waiting
            if is_dead or is_old:
                await socket.close()
                return
            if pinged_at is None and now - self._heard_at > self._timing.quiet:
                pinged_at = now
                await self._send({"$ping": "client"}, must_arrive=False)

    async def _fill_holes(self, now: float) -> None:
        """Ask for what is missing, and for answers that have fallen silent."""
        positions = {
            name: channel.numbers.whole
            for name, channel in self._channels.items()
            if self._is_overdue(channel, now)
        }
        for answer_id, channel in self._answer_channels.items():
            answer = self._answers[answer_id]
            is_overdue = self._is_overdue(channel, now)
            if channel.silent_since is None:
                channel.silent_since = now
            is_silent = now - channel.silent_since > self._timing.silence
            if not answer.has_ended and (is_overdue or is_silent):
                channel.silent_since = None
                positions[answer.channel] = channel.numbers.whole
        if positions:
            await self._send({"$resume": positions}, must_arrive=False)

    def _is_overdue(self, channel: _Channel, now: float) -> bool:
        """Whether a number is missing for too long; from then on it counts again."""
        if not channel.numbers.has_hole:
            channel.hole_since = None
        elif channel.hole_since is None:
            channel.hole_since = now
        elif now - channel.hole_since > self._timing.hole:
            channel.hole_since = now
            return True
        return False

    def _lose_socket(self) -> None:
        self._socket = None
        for waiting in self._waiting.values():
            if not waiting.once and not waiting.reply.done():
                waiting.reply.set_exception(
                    ConnectionLostError("the connection closed before a reply came")
                )

    def _end(self, error: SapaClientError) -> None:
        if self._ended is not None:
            return
        self._ended = error
        for waiting in self._waiting.values():
            if not waiting.reply.done():
                waiting.reply.set_exception(error)
        for answer in self._answers.values():
            answer.fail(error)
        self._events.put_nowait(None)

    async def _send(self, message: Message, *, must_arrive: bool) -> None:
        if self._socket is None:
            if must_arrive:
                raise ConnectionLostError("not connected; nothing was sent")
            return
        try:
            await self._socket.send(json.dumps(message, ensure_ascii=False))
        except (OSError, WebSocketException) as error:
            if must_arrive:
                raise ConnectionLostError(str(error)) from error

    # Frames

    def _receive(self, text: str | bytes) -> None:
        frame = json.loads(text)
        if not isinstance(frame, dict):
            return
        channel = frame.get("$channel")
        if "$answer" in frame:
            self.follow(str(frame["$answer"]))
        elif isinstance(channel, str) and channel.startswith(_ANSWER_PREFIX):
            # The first part can overtake the frame that accepts the message.
            answer = self.follow(channel.removeprefix(_ANSWER_PREFIX))
            self._answer_channels[answer.answer_id].silent_since = None
            answer.receive(frame)
            return
        elif isinstance(channel, str) and "$sequence" in frame:
            self._receive_event(channel, frame)
            return
        for name, number in frame.get("$joined", {}).items():
            self._channels.setdefault(name, _Channel()).numbers.skip_to(number)
        for name, gap in frame.get("$gap", {}).items():
            if name in self._channels:
                self._channels[name].numbers.skip_to(gap["to"])
        self._settle(frame)

    def _receive_event(self, name: str, frame: dict[str, Any]) -> None:
        channel = self._channels.get(name)
        number = frame["$sequence"]
        if channel is None:
            # The user's own channel, which nobody joins.
            channel = self._channels[name] = _Channel(Numbers(number - 1))
        if channel.numbers.add(number):
            payload = {key: frame[key] for key in frame if not key.startswith("$")}
            self._events.put_nowait(
                Event(channel=name, sequence=number, sent_at=frame["$sent_at"], payload=payload)
            )

    def _settle(self, frame: dict[str, Any]) -> None:
        error = frame.get("error")
        waiting = self._waiting.get(str(frame.get("$id")))
        if waiting is not None and not waiting.reply.done():
            if isinstance(error, dict) and error.get("code") == "in_progress":
                delay = float(error.get("retry_after_ms", 1000)) / 1000
                asyncio.get_running_loop().call_later(delay, self._send_again, waiting)
            elif isinstance(error, dict):
                waiting.reply.set_exception(AskError(error))
            else:
                waiting.reply.set_result(frame)
        if isinstance(error, dict) and error.get("code") in _FINAL_CODES and "$id" not in frame:
            self._end(SessionEndedError(str(error["code"]), str(error.get("message"))))

    def _send_again(self, waiting: _Waiting) -> None:
        with contextlib.suppress(RuntimeError):
            task = asyncio.ensure_future(self._send(waiting.message, must_arrive=False))
            task.add_done_callback(lambda _: None)
