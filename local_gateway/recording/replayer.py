"""Invokes recorded events again and compares the results."""

import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from local_gateway.recording.differences import Difference, differences
from local_gateway.recording.expected_calls import ExpectedCalls
from local_gateway.recording.format import UNFINISHED, RecordedInvocation, result_json
from local_gateway.recording.reader import LoadedRecording
from local_gateway.recording.redaction import is_redacted, redact, redact_text
from local_gateway.server.interfaces import Invoker


class Outcome(StrEnum):
    """The outcome of replaying an event."""

    SAME = "same"
    CHANGED = "changed"
    NOT_COMPARED = "not compared"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replayed event; `incomplete` if it was recorded without its secrets."""

    invocation: RecordedInvocation
    outcome: Outcome
    differences: tuple[Difference, ...]
    incomplete: bool

    def as_json(self) -> dict[str, Any]:
        """The JSON members."""
        invocation = self.invocation
        return {
            "type": "replayed",
            "number": invocation.number,
            "function": invocation.function,
            "route_key": invocation.route_key,
            "event_type": invocation.event_type,
            "connection_id": invocation.connection_id,
            "outcome": str(self.outcome),
            "differences": [item.as_json() for item in self.differences],
            "redacted_event": self.incomplete,
        }


def expected_calls(recording: LoadedRecording) -> ExpectedCalls:
    """The calls that the recording expects of the handlers."""
    clean = redact_text if recording.redacted else str
    return ExpectedCalls(recording.calls, recording.connection_ids, clean)


class Replayer:
    """Replays one event at a time, in the recorded order, also those that ran at the same time.

    `functions` are the logical ids that can be invoked; an event of any other function has changed.
    """

    def __init__(
        self,
        invoker: Invoker,
        functions: Collection[str],
        recording: LoadedRecording,
        calls: ExpectedCalls,
    ) -> None:
        self._invoker = invoker
        self._functions = functions
        self._recording = recording
        self._calls = calls

    async def replay(self) -> AsyncIterator[Replayed]:
        """Invoke every event; the invoker's errors are not caught."""
        for invocation in self._recording.invocations:
            yield await self._replay(invocation)

    async def _replay(self, invocation: RecordedInvocation) -> Replayed:
        if invocation.event_type == "DISCONNECT" and invocation.connection_id is not None:
            self._calls.close_connection(invocation.connection_id)
        self._calls.begin(invocation.number)
        result = await self._result(invocation)
        different = differences("result", dict(invocation.result), result) + self._calls.compare()
        if invocation.result["kind"] == UNFINISHED:
            outcome, different = Outcome.NOT_COMPARED, []
        else:
            outcome = Outcome.CHANGED if different else Outcome.SAME
        return Replayed(invocation, outcome, tuple(different), is_redacted(invocation.event))

    async def _result(self, invocation: RecordedInvocation) -> dict[str, Any]:
        if invocation.function not in self._functions:
            return {"kind": "no such function in the template"}
        payload = json.dumps(invocation.event, ensure_ascii=False, separators=(",", ":"))
        # Half of a surrogate pair can be in JSON but not in UTF-8.
        data = payload.encode(errors="backslashreplace")
        ended = await self._invoker.invoke(invocation.function, data)
        result = result_json(ended.result)
        if not self._recording.redacted:
            return result
        return {name: redact(value) for name, value in result.items()}
