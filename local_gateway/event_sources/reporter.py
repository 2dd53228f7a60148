"""The records of event sources: one for each invocation, without message bodies."""

from local_gateway.core.event_sources.model import QueueMapping, StreamMapping
from local_gateway.core.invocation import Invocation, Succeeded, outcome_of
from local_gateway.records import ApiRecord, Observe
from local_gateway.server.interfaces import ClockAndIds


class Reporter:
    """Reports invocations and problems of event sources."""

    def __init__(self, observe: Observe, sources: ClockAndIds) -> None:
        self._observe = observe
        self._sources = sources

    def batch(
        self,
        mapping: QueueMapping | StreamMapping,
        invocation: Invocation,
        size: int,
        left: int,
        next_step: str | None = None,
    ) -> None:
        """A batch of messages or records; `left` of them are not done, `next_step` comes of it."""
        outcome, detail = outcome_of(invocation.result)
        count = f"{size} {mapping.unit}{'s' if size > 1 else ''}"
        if left and isinstance(invocation.result, Succeeded):
            outcome, count = "partly failed", f"{left} of {count} failed"
        text = "; ".join(filter(None, (count, detail, next_step)))
        api, name = mapping.api, mapping.source_name
        self.invocation(api, name, mapping.function, invocation, outcome, text)

    def invocation(
        self,
        api: str,
        name: str,
        function: str,
        invocation: Invocation,
        outcome: str,
        detail: str | None,
    ) -> None:
        """An invocation for the queue, rule or schedule of this name."""
        record = ApiRecord.from_invocation(
            invocation,
            at=self._sources.now(),
            api=api,
            route_key=name,
            outcome=outcome,
            function=function,
            detail=detail,
            problem=outcome != "ok",
        )
        self._observe(record)

    def problem(self, api: str, name: str, error: Exception) -> None:
        """A queue, rule or schedule that cannot be served at the moment."""
        record = ApiRecord(
            at=self._sources.now(),
            api=api,
            route_key=name,
            outcome="failed",
            detail=" ".join(str(error).split())[:300],
            problem=True,
        )
        self._observe(record)
