"""Stand-ins for queues and functions, which do what a test tells them."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import EndpointConnectionError

from local_gateway.core.invocation import Invocation, InvocationResult, Succeeded
from local_gateway.event_sources.queues import Message
from local_gateway.records import ApiRecord, Record


@dataclass
class FakeInvoker:
    """Answers with one result after the other, the last one for ever; may hold invocations."""

    results: Sequence[InvocationResult] = (Succeeded(b"null"),)
    holding: bool = False
    payloads: list[bytes] = field(default_factory=list)
    trace_ids: list[str | None] = field(default_factory=list)
    request_ids: list[str | None] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def invoke(
        self,
        function: str,
        payload: bytes,
        /,
        *,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        """Run a function."""
        self.payloads.append(payload)
        self.trace_ids.append(trace_id)
        self.request_ids.append(request_id)
        result = self.results[min(len(self.payloads), len(self.results)) - 1]
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self.changed.set()
        if self.holding:
            await self.free.wait()
        self.running -= 1
        return Invocation(result=result, request_id="request", cold=False, duration=0.0)

    async def wait_for(self, count: int) -> None:
        """Wait until there have been so many invocations."""
        async with asyncio.timeout(20):
            while len(self.payloads) < count:
                self.changed.clear()
                await self.changed.wait()


class FakeQueue:
    """A queue in memory; messages that were received are gone from it until given back."""

    def __init__(self, *bodies: str) -> None:
        self._numbers = itertools.count()
        self._waiting: asyncio.Queue[Message] = asyncio.Queue()
        self.failures = 0
        self.receives = 0
        self.asked_again = asyncio.Event()
        self.deleted: list[str] = []
        self.given_back: list[str] = []
        self.sent: list[tuple[str, str | None, Mapping[str, Any] | None]] = []
        for body in bodies:
            self.put(body)

    def put(self, body: str, trace_id: str | None = None) -> None:
        """Have a message that can be received, sent in a chain of invocations or not."""
        number = str(next(self._numbers))
        attributes = {} if trace_id is None else {"AWSTraceHeader": trace_id}
        self._waiting.put_nowait(
            {
                "MessageId": number,
                "ReceiptHandle": number,
                "Body": body,
                "MD5OfBody": "",
                "Attributes": attributes,
            }
        )

    async def receive(self, count: int, wait: int) -> Sequence[Message]:
        """Take messages, waiting without an end for the first."""
        self.receives += 1
        if self.receives > 1:
            self.asked_again.set()
        if self.failures:
            self.failures -= 1
            raise EndpointConnectionError(endpoint_url="http://queue")
        found = [await self._waiting.get()]
        while len(found) < count and not self._waiting.empty():
            found.append(self._waiting.get_nowait())
        return found

    async def delete(self, messages: Sequence[Message]) -> None:
        """Note what is deleted."""
        self.deleted += [message["Body"] for message in messages]

    def give_back(self, messages: Sequence[Message]) -> None:
        """Note what is given back."""
        self.given_back += [message["Body"] for message in messages]

    async def send(
        self, body: str, group: str | None = None, attributes: Mapping[str, Any] | None = None
    ) -> None:
        """Note what is sent."""
        self.sent.append((body, group, attributes))


class FakeObserver:
    """Keeps what event sources report; `changed` is set with each record."""

    def __init__(self) -> None:
        self.records: list[ApiRecord] = []
        self.changed = asyncio.Event()

    async def wait_for(self, count: int) -> list[ApiRecord]:
        """The first `count` records."""
        async with asyncio.timeout(20):
            while len(self.records) < count:
                self.changed.clear()
                await self.changed.wait()
        return self.records[:count]

    def observe(self, record: Record, /) -> None:
        """Keep it."""
        assert isinstance(record, ApiRecord)
        self.records.append(record)
        self.changed.set()
