"""What the server needs from the other parts of the gateway, as small interfaces."""

import os
import time
from typing import Protocol

from local_gateway.core.chaos import Fault, Key
from local_gateway.core.http import Moment
from local_gateway.core.ids import encode_id
from local_gateway.core.invocation import Invocation

ID_BYTES = 11


class Invoker(Protocol):
    """Runs functions by logical id."""

    async def invoke(self, function: str, payload: bytes, /) -> Invocation: ...


class Crasher(Protocol):
    """Runs functions whose environment does not survive the event."""

    async def crash(self, function: str, payload: bytes, /) -> Invocation: ...


class Faults(Protocol):
    """Decides what goes wrong; `core.chaos.Chaos` is one, and tells what the keys are."""

    def strikes(self, fault: Fault, /, *key: Key) -> bool:
        """Whether the fault strikes what `key` names."""

    def delay(self, *key: Key) -> float:
        """By how many seconds what `key` names is late, when it is slow."""


class NoFaults:
    """Nothing goes wrong."""

    def strikes(self, fault: Fault, /, *key: Key) -> bool:
        """Never."""
        return False

    def delay(self, *key: Key) -> float:
        """Not at all."""
        return 0.0


class Sources:
    """Time and randomness for the core, which has neither."""

    def now(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000

    def random_bytes(self) -> bytes:
        """Bytes for one id."""
        return os.urandom(ID_BYTES)

    def new_id(self) -> str:
        """A fresh connection or request id."""
        return encode_id(self.random_bytes())

    def moment(self) -> Moment:
        """Now, with a fresh request id."""
        return Moment(self.now(), self.new_id())
