"""What the server needs from the other parts of the gateway."""

import os
import time
from typing import Protocol

from local_gateway.core.ids import ID_BYTES, encode_id
from local_gateway.core.invocation import Invocation
from local_gateway.core.timestamps import RequestStamp


class Invoker(Protocol):
    """Runs functions by logical id."""

    async def invoke(
        self,
        function: str,
        payload: bytes,
        /,
        *,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Invocation: ...


class ClockAndIds:
    """The time and fresh ids, which the rules are given as values."""

    def now(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def new_id(self) -> str:
        """A fresh connection or request id."""
        return encode_id(os.urandom(ID_BYTES))

    def stamp(self) -> RequestStamp:
        """Now, with a fresh request id."""
        return RequestStamp(time.time_ns() // 1_000_000, encode_id(os.urandom(ID_BYTES)))
