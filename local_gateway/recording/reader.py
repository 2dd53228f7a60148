"""Reads a recording back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_gateway.errors import GatewayError
from local_gateway.recording.format import VERSION, RecordedCall, RecordedInvocation

_OPTIONAL_TEXT = (str, type(None))
_INVOCATION = {
    "number": int,
    "time": str,
    "function": str,
    "route_key": _OPTIONAL_TEXT,
    "event_type": _OPTIONAL_TEXT,
    "connection_id": _OPTIONAL_TEXT,
    "result": dict,
    "duration_ms": (int, float, type(None)),
    "cold": bool,
}
_CALL = {
    "time": str,
    "method": str,
    "connection_id": str,
    "status": int,
    "data": _OPTIONAL_TEXT,
    "during": list,
}


@dataclass(frozen=True, slots=True)
class LoadedRecording:
    """A recording; the invocations are in the order in which they began."""

    redacted: bool
    invocations: tuple[RecordedInvocation, ...]
    calls: tuple[RecordedCall, ...]
    warnings: tuple[str, ...] = ()

    @property
    def connection_ids(self) -> frozenset[str]:
        """The ids of all connections in the recording."""
        ids = {invocation.connection_id for invocation in self.invocations}
        ids |= {call.connection_id for call in self.calls}
        return frozenset(connection_id for connection_id in ids if connection_id is not None)

    def choose(self, function: str, *, route_key: str | None, index: int) -> RecordedInvocation:
        """An event of a function, and of a route if given; `index` counts from 0, -1 is the last.

        Raises `GatewayError` that names the events that there are.
        """
        of_function = [item for item in self.invocations if item.function == function]
        if not of_function:
            functions = _names([item.function for item in self.invocations])
            raise GatewayError(f"no event of {function} in the recording; it has {functions}")
        chosen = [item for item in of_function if route_key in {None, item.route_key}]
        if not chosen:
            routes = _names([item.route_key or "none" for item in of_function])
            raise GatewayError(
                f"no event of {function} on the route {route_key}; its routes are {routes}"
            )
        if not -len(chosen) <= index < len(chosen):
            raise GatewayError(
                f"no event {index} of {function}; there are {len(chosen)}: choose one with --index "
                f"from 0 to {len(chosen) - 1}"
            )
        return chosen[index]


def _names(names: Sequence[str]) -> str:
    return ", ".join(sorted(set(names))) or "nothing"


def load_recording(path: Path) -> LoadedRecording:
    """Load a file that `--record` wrote.

    If the last line is incomplete, as a full disk leaves it, a warning says so. Raises
    `GatewayError`, with the line, for anything else that is not a recording.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise GatewayError(f"cannot read the recording {path}: {reason}") from error
    *lines, rest = text.split("\n")
    warnings = [f"{path}:{len(lines) + 1}: the last line is incomplete and ignored"] if rest else []
    members = [_members(line, f"{path}:{at}") for at, line in enumerate(lines, start=1) if line]
    if not members:
        raise GatewayError(f"{path}: is empty; record with --record {path}")
    redacted = _header(members[0][1], path)
    invocations = [_invocation(*item) for item in members[1:] if item[1]["type"] == "invocation"]
    calls = [_call(*item) for item in members[1:] if item[1]["type"] == "management"]
    return LoadedRecording(
        redacted,
        tuple(sorted(invocations, key=lambda invocation: invocation.number)),
        tuple(calls),
        tuple(warnings),
    )


def _members(line: str, place: str) -> tuple[str, Mapping[str, Any]]:
    try:
        members = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise GatewayError(f"{place}: expected a JSON object: {error}") from error
    kinds = ("recording", "invocation", "management")
    if not isinstance(members, dict) or members.get("type") not in kinds:
        raise GatewayError(f"{place}: expected an object with a type among {', '.join(kinds)}")
    return place, members


def _header(members: Mapping[str, Any], path: Path) -> bool:
    if members["type"] != "recording" or not isinstance(members.get("redacted"), bool):
        raise GatewayError(f"{path}:1: expected the first line of a file that --record wrote")
    if members.get("version") != VERSION:
        version = members.get("version")
        raise GatewayError(f"{path}:1: version {version} of the format; this program reads 1")
    return bool(members["redacted"])


def _invocation(place: str, members: Mapping[str, Any]) -> RecordedInvocation:
    values = _checked(members, _INVOCATION, place)
    if "event" not in members or not isinstance(values["result"].get("kind"), str):
        raise GatewayError(f"{place}: expected an event, and a result with a kind")
    return RecordedInvocation(event=members["event"], **values)


def _call(place: str, members: Mapping[str, Any]) -> RecordedCall:
    values = _checked(members, _CALL, place)
    if not all(isinstance(number, int) for number in values["during"]):
        raise GatewayError(f"{place}: during: expected numbers of invocations")
    values["during"] = tuple(values["during"])
    return RecordedCall(**values)


def _checked(members: Mapping[str, Any], kinds: Mapping[str, Any], place: str) -> dict[str, Any]:
    for name, kind in kinds.items():
        if name not in members or not isinstance(members[name], kind):
            raise GatewayError(f"{place}: {name}: expected {_described(kind)}")
    return {name: members[name] for name in kinds}


def _described(kind: Any) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    names = {
        str: "text",
        int: "a number",
        float: "a number",
        bool: "a boolean",
        dict: "an object",
        list: "a list",
        type(None): "null",
    }
    return " or ".join(dict.fromkeys(names[item] for item in kinds))
