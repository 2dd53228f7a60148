"""Compares the management calls of a replayed invocation with the recorded calls."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from local_gateway.core.ids import is_well_formed_id
from local_gateway.recording.differences import Difference, differences
from local_gateway.recording.format import RecordedCall

OK, NO_CONTENT = 200, 204
BAD_REQUEST, FORBIDDEN, GONE, TOO_LARGE, LIMITED = 400, 403, 410, 413, 429
MESSAGE_BYTES = 128 * 1024
_DONE = {"POST": OK, "GET": OK, "DELETE": NO_CONTENT}


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A call that a replayed handler made; `data` is the posted text, if it was accepted."""

    method: str
    connection_id: str
    status: int
    data: str | None


class ExpectedCalls:
    """Answers and compares calls, for one replayed invocation at a time.

    `clean` prepares posted data as the recording did: it redacts, or changes nothing. A call that
    was recorded during several invocations belongs to the first of them that makes it now.
    """

    def __init__(
        self,
        calls: Iterable[RecordedCall],
        connection_ids: Iterable[str],
        clean: Callable[[str], str],
    ) -> None:
        self._left = list(calls)
        self._open = set(connection_ids)
        self._clean = clean
        self._number = -1
        self._made: list[MadeCall] = []

    def begin(self, number: int) -> None:
        """Begin an invocation: the next calls belong to it."""
        self._number = number
        self._made = []

    def close_connection(self, connection_id: str) -> None:
        """Answer 410 to the next calls for a connection."""
        self._open.discard(connection_id)

    def answer(self, method: str, connection_id: str, data: bytes) -> int:
        """The status for a call: the recorded status, or else the status of the real API."""
        text = self._clean(data.decode(errors="replace"))
        status = self._recorded_status(method, connection_id, text)
        if status is None:
            status = self._status(method, connection_id, len(data))
        kept = text if method == "POST" and status == OK else None
        self._made.append(MadeCall(method, connection_id, status, kept))
        return status

    def compare(self) -> list[Difference]:
        """The differences in the calls of the invocation, for each connection in order."""
        expected = self._take_expected()
        targets = dict.fromkeys([*map(_target, expected), *map(_target, self._made)])
        different: list[Difference] = []
        for target in targets:
            before = [_value(call) for call in expected if _target(call) == target]
            after = [_value(call) for call in self._made if _target(call) == target]
            different += differences(" @connections/".join(target), before, after)
        return different

    def _recorded_status(self, method: str, connection_id: str, text: str) -> int | None:
        candidates = [
            call
            for call in self._left
            if self._number in call.during and _target(call) == (method, connection_id)
        ]
        candidates.sort(key=lambda call: call.data != text)
        return candidates[0].status if candidates else None

    def _status(self, method: str, connection_id: str, size: int) -> int:
        if method not in _DONE:
            return FORBIDDEN
        if not is_well_formed_id(connection_id):
            return BAD_REQUEST
        if connection_id not in self._open:
            return GONE
        return TOO_LARGE if size > MESSAGE_BYTES else _DONE[method]

    def _take_expected(self) -> list[RecordedCall]:
        """Remove and return the recorded calls of this invocation."""
        unmatched = list(self._made)
        taken: list[RecordedCall] = []
        for call in self._left:
            if self._number not in call.during:
                continue
            same = MadeCall(call.method, call.connection_id, call.status, call.data)
            if same in unmatched:
                unmatched.remove(same)
            elif self._number != max(call.during):
                continue  # an invocation that ran at the same time may still make it
            taken.append(call)
        self._left = [call for call in self._left if all(call is not other for other in taken)]
        return taken


def _target(call: RecordedCall | MadeCall) -> tuple[str, str]:
    return call.method, call.connection_id


def _value(call: RecordedCall | MadeCall) -> dict[str, Any]:
    return (
        {"status": call.status} if call.data is None else {"status": call.status, "data": call.data}
    )
