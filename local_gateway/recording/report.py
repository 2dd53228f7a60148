"""Shows the outcome of a replay: as text, or as one JSON object per line."""

import json
from typing import Any, Protocol, TextIO

from local_gateway.recording.format import RecordedInvocation
from local_gateway.recording.reader import LoadedRecording
from local_gateway.recording.replayer import Outcome, Replayed


class Report(Protocol):
    """Shows every replayed event, and the summary."""

    def event(self, replayed: Replayed, /) -> None: ...
    def end(self, summary: "Summary", /) -> None: ...


class Summary:
    """Counts the outcomes of a replay."""

    def __init__(self, recording: LoadedRecording) -> None:
        self.recording = recording
        self.counts = dict.fromkeys(Outcome, 0)
        self.incomplete = 0

    def add(self, replayed: Replayed) -> None:
        """Count an event."""
        self.counts[replayed.outcome] += 1
        if replayed.outcome is Outcome.CHANGED and replayed.incomplete:
            self.incomplete += 1

    @property
    def changed(self) -> bool:
        """Whether any event has changed."""
        return self.counts[Outcome.CHANGED] > 0


class TextReport:
    """One line per event, its differences below it."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def event(self, replayed: Replayed) -> None:
        """Number, outcome, function, route, connection."""
        invocation = replayed.invocation
        parts = [
            f"{invocation.number:>4}",
            f"{replayed.outcome:<12}",
            invocation.function,
            _route(invocation),
            f"({invocation.event_type})" if invocation.event_type else None,
            invocation.connection_id,
        ]
        self._say("  ".join(part for part in parts if part))
        for difference in replayed.differences:
            self._say(f"        {difference}")

    def end(self, summary: Summary) -> None:
        """How many events have each outcome, and why some may have changed."""
        counts = ", ".join(f"{count} {outcome}" for outcome, count in summary.counts.items())
        self._say(f"{sum(summary.counts.values())} events: {counts}")
        if summary.incomplete:
            self._say(
                f"{summary.incomplete} of the changed events were redacted when they were "
                "recorded; record with --record-secrets to replay them unchanged"
            )

    def _say(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()


class JsonReport:
    """`{"type": "replayed", …}` for each event, then one `{"type": "summary", …}`."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def event(self, replayed: Replayed) -> None:
        """The event's outcome and differences."""
        self._put(replayed.as_json())

    def end(self, summary: Summary) -> None:
        """How many events have each outcome."""
        counts = {outcome.replace(" ", "_"): count for outcome, count in summary.counts.items()}
        redacted = summary.recording.redacted
        self._put({"type": "summary", **counts, "redacted_recording": redacted})

    def _put(self, members: dict[str, object]) -> None:
        self._out.write(json.dumps(members) + "\n")
        self._out.flush()


def _route(invocation: RecordedInvocation) -> str | None:
    """The route key; for HTTP requests method and path, which say more than `$default`."""
    event: Any = invocation.event
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(context, dict):
        return invocation.route_key
    if isinstance(context.get("http"), dict):
        return f"{context['http'].get('method')} {context['http'].get('path')}"
    if "httpMethod" in context:
        return f"{context['httpMethod']} {context.get('path')}"
    return invocation.route_key
