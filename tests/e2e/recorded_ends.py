"""How sockets fared, by what the gateway told the functions: read from what `--record` wrote."""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from local_gateway.core.limits import Limits
from local_gateway.recording.reader import read_recording


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One socket's end, as its `$disconnect` event has it; times in milliseconds.

    `age` is since the handshake, `silence` since the last message or post to it.
    """

    username: str
    code: int
    reason: str
    age: int
    silence: int


@dataclass(frozen=True, slots=True)
class Recording:
    """The recording of a gateway that runs with this warp."""

    path: Path
    warp: float

    @property
    def limits(self) -> Limits:
        """When sockets end."""
        return Limits().warped(self.warp)

    def ends(self, username: str) -> list[End]:
        """The sockets of a user that have ended so far, in the order in which they did."""
        recording = read_recording(self.path)
        active: dict[str, int] = {}
        ended: dict[str, dict[str, Any]] = {}
        for invocation in recording.invocations:
            context = invocation.event.get("requestContext", {})
            if invocation.event_type == "DISCONNECT":
                ended[context["connectionId"]] = context
            elif invocation.event_type == "MESSAGE":
                active[context["connectionId"]] = context["requestTimeEpoch"]
        for call in recording.calls:
            if call.method == "POST" and call.status == 200:
                at = int(datetime.fromisoformat(call.time).timestamp() * 1000)
                active[call.connection_id] = max(at, active.get(call.connection_id, 0))
        return [
            _end(context, active.get(connection_id, context["connectedAt"]))
            for connection_id, context in ended.items()
            if context.get("authorizer", {}).get("username") == username
        ]

    def doubled(self, username: str, channel: str) -> set[int]:
        """The events of a channel that were sent on more than one socket of a user."""
        recording = read_recording(self.path)
        contexts = [one.event.get("requestContext", {}) for one in recording.invocations]
        sockets = {
            context["connectionId"]
            for context in contexts
            if context.get("authorizer", {}).get("username") == username
        }
        sent: dict[int, set[str]] = defaultdict(set)
        for call in recording.calls:
            if call.status == 200 and call.data and call.connection_id in sockets:
                frame = json.loads(call.data)
                if frame.get("$channel") == channel and "$sequence" in frame:
                    sent[frame["$sequence"]].add(call.connection_id)
        return {sequence for sequence, on in sent.items() if len(on) > 1}


def _end(context: dict[str, Any], active: int) -> End:
    at = context["requestTimeEpoch"]
    return End(
        username=context["authorizer"]["username"],
        code=context["disconnectStatusCode"],
        reason=context["disconnectReason"],
        age=at - context["connectedAt"],
        silence=at - active,
    )
