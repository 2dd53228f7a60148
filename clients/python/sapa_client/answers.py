"""Answers of streaming processes: their parts in order, each once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from sapa_client.errors import AnswerError
from sapa_client.numbers import Numbers

_KEYS_OF_THE_PROTOCOL = ("$channel", "$sequence", "$sent_at")


class Answer:
    """An answer on its way: iterate over its parts. It survives lost connections.

    `status` is `running`, `done`, `stopped` or `failed`. At the end of one that failed, the
    iteration raises `AnswerError`.
    """

    def __init__(
        self, answer_id: str, stop: Callable[[str], Awaitable[object]], *, after: int = 0
    ) -> None:
        self.answer_id = answer_id
        self.status = "running"
        self._stop = stop
        self.numbers = Numbers(after)
        self._early: dict[int, dict[str, Any]] = {}
        self._ready: asyncio.Queue[Mapping[str, Any] | BaseException | None] = asyncio.Queue()
        self._next = after + 1

    @property
    def channel(self) -> str:
        """The channel in which the parts arrive."""
        return f"answer:{self.answer_id}"

    @property
    def has_ended(self) -> bool:
        """Whether the last part has arrived."""
        return self.status != "running"

    async def stop(self) -> None:
        """Ask for no more; the iteration ends soon. Raises `AskError`."""
        await self._stop(self.answer_id)

    async def text(self) -> str:
        """The whole text, when it has ended. Raises `AnswerError`."""
        return "".join([str(part.get("message", "")) async for part in self])

    async def __aiter__(self) -> AsyncIterator[Mapping[str, Any]]:
        while (item := await self._ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def receive(self, frame: Mapping[str, Any]) -> None:
        """Take a frame of the channel."""
        number = frame.get("$sequence")
        if not isinstance(number, int) or not self.numbers.add(number):
            return
        self._early[number] = dict(frame)
        while (part := self._early.pop(self._next, None)) is not None:
            self._next += 1
            self._hand_over(part)

    def fail(self, error: BaseException) -> None:
        """No more parts will arrive."""
        if not self.has_ended:
            self.status = "failed"
            self._ready.put_nowait(error)

    def _hand_over(self, part: dict[str, Any]) -> None:
        content = {key: part[key] for key in part if key not in _KEYS_OF_THE_PROTOCOL}
        if "$end" not in content:
            self._ready.put_nowait(content)
            return
        self.status = str(content["$end"])
        error = content.get("error")
        failed = self.status == "failed"
        self._ready.put_nowait(AnswerError(error or {}) if failed else None)
