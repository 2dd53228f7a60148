"""What chaos has in store for one connection or request."""

from collections.abc import Callable
from dataclasses import dataclass

from local_gateway.core import management
from local_gateway.core.chaos import Fault, Key
from local_gateway.core.management import ManagementResponse
from local_gateway.core.websocket.actions import Invoke, Purpose
from local_gateway.server.interfaces import Faults

type Tell = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Mishap:
    """What befalls one invocation: its event is late, in seconds, or the environment dies of it."""

    delay: float
    crash: bool


class Fate:
    """Counts what happens to a connection and decides by `key` and count what goes wrong.

    Every fault that strikes is told, with the route, as `chaos: <fault>`.
    """

    def __init__(self, faults: Faults, key: tuple[Key, ...], tell: Tell) -> None:
        self._faults = faults
        self._tell = tell
        self._key = key
        self._messages = 0
        self._posts = 0

    def count_message(self) -> None:
        """The client's next message has come."""
        self._messages += 1

    def drops(self) -> bool:
        """Whether the connection vanishes after this message."""
        return self._strikes(Fault.DROP, "message", self._messages)

    def deliveries(self, invoke: Invoke) -> list[Mishap | None]:
        """How often a connection's event is delivered, and what befalls each delivery."""
        route, event = invoke.route_key, self._event(invoke.purpose)
        is_end = invoke.purpose is Purpose.DISCONNECT
        if is_end and self._strikes(Fault.LOST_DISCONNECT, route, event):
            return []
        first = self.mishap(route, event)
        if not self._strikes(Fault.DUPLICATE, route, event):
            return [first]
        return [first, self.mishap(route, f"{event} again")]

    def mishap(self, route: str, event: Key) -> Mishap | None:
        """What befalls one invocation, mostly nothing."""
        slow = self._strikes(Fault.SLOW, route, event)
        crash = self._strikes(Fault.CRASH, route, event)
        if not (slow or crash):
            return None
        return Mishap(self._faults.delay(*self._key, event) if slow else 0.0, crash)

    def refusal(self) -> ManagementResponse | None:
        """The answer to the next post to the open connection, if it is not what it should be."""
        self._posts += 1
        if self._strikes(Fault.GONE, "POST @connections", self._posts):
            return management.gone()
        if self._strikes(Fault.LIMIT, "POST @connections", self._posts):
            return management.limit_exceeded()
        return None

    def copies(self) -> int:
        """How often the client gets what was just posted."""
        return 1 + self._strikes(Fault.DUPLICATE, "POST @connections", self._posts)

    def _event(self, purpose: Purpose) -> str:
        return f"message {self._messages}" if purpose is Purpose.MESSAGE else purpose

    def _strikes(self, fault: Fault, route: str, event: Key) -> bool:
        if not self._faults.strikes(fault, *self._key, event):
            return False
        self._tell(route, f"chaos: {fault}")
        return True
