import json
from pathlib import Path
from typing import Any

import pytest

from local_gateway.errors import GatewayError
from local_gateway.recording.reader import LoadedRecording, load_recording
from tests.unit.local_gateway.recording.fakes import CONNECTION, TIME, message_event

HEADER = {"type": "recording", "version": 1, "redacted": False}


def invocation(number: int, **members: Any) -> dict[str, Any]:
    return {
        "type": "invocation",
        "number": number,
        "time": TIME,
        "function": "Default",
        "route_key": "$default",
        "event_type": "MESSAGE",
        "connection_id": CONNECTION,
        "event": message_event(str(number)),
        "result": {"kind": "succeeded", "payload": None},
        "duration_ms": 1.0,
        "cold": False,
        **members,
    }


def call(**members: Any) -> dict[str, Any]:
    return {
        "type": "management",
        "time": TIME,
        "method": "POST",
        "connection_id": CONNECTION,
        "status": 200,
        "data": "Halo!",
        "during": [0],
        **members,
    }


def written(tmp_path: Path, *lines: Any, end: str = "\n") -> Path:
    path = tmp_path / "traffic.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("\n".join(texts) + end)
    return path


def test_invocations_are_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, invocation(1), call(during=[0, 1]), invocation(0))
    read = load_recording(path)
    assert [item.number for item in read.invocations] == [0, 1]
    assert read.calls[0].during == (0, 1)
    assert read.connection_ids == {CONNECTION}


def test_an_incomplete_line_is_ignored_with_a_warning(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, invocation(0), '{"type": "invo', end="")
    read = load_recording(path)
    assert len(read.invocations) == 1
    (warning,) = read.warnings
    assert f"{path}:3" in warning


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["{"], ":1: expected a JSON object"),
        (["[1]"], ":1: expected an object with a type"),
        ([{"type": "other"}], ":1: expected an object with a type"),
        ([invocation(0)], ":1: expected the first line of a file that --record wrote"),
        ([{**HEADER, "version": 2}], ":1: version 2"),
        ([{**HEADER, "redacted": None}], ":1: expected the first line"),
        ([HEADER, "not json"], ":2: expected a JSON object"),
        ([HEADER, "[" * 100_000], ":2: expected a JSON object"),
        ([HEADER, {"type": "invocation"}], ":2: number: expected a number"),
        ([HEADER, invocation(0, function=1)], ":2: function: expected text"),
        ([HEADER, invocation(0, route_key=1)], ":2: route_key: expected text or null"),
        ([HEADER, invocation(0, duration_ms="1")], ":2: duration_ms: expected a number or null"),
        ([HEADER, invocation(0, cold=0)], ":2: cold: expected a boolean"),
        ([HEADER, invocation(0, result={})], ":2: expected an event, and a result"),
        ([HEADER, call(during=["0"])], ":2: during: expected numbers"),
        ([HEADER, call(data=1)], ":2: data: expected text or null"),
        ([""], ": is empty"),
    ],
)
def test_what_is_no_recording_is_told_with_its_line(
    tmp_path: Path, lines: list[Any], told: str
) -> None:
    path = written(tmp_path, *lines)
    with pytest.raises(GatewayError) as raised:
        load_recording(path)
    assert f"{path}{told}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match=r"missing\.jsonl: No such file"):
        load_recording(tmp_path / "missing.jsonl")
    with pytest.raises(GatewayError, match="Is a directory"):
        load_recording(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(GatewayError, match="not UTF-8"):
        load_recording(tmp_path / "binary")


@pytest.fixture
def recorded(tmp_path: Path) -> LoadedRecording:
    lines = [
        invocation(0),
        invocation(1, function="Connect", route_key="$connect"),
        invocation(2, route_key="join"),
        invocation(3),
    ]
    return load_recording(written(tmp_path, HEADER, *lines))


@pytest.mark.parametrize(
    ("route_key", "index", "number"),
    [(None, 0, 0), (None, 1, 2), (None, -1, 3), ("join", 0, 2), ("$default", 1, 3)],
)
def test_event_is_chosen(
    recorded: LoadedRecording, route_key: str | None, index: int, number: int
) -> None:
    assert recorded.choose("Default", route_key=route_key, index=index).number == number


@pytest.mark.parametrize(
    ("function", "route_key", "index", "told"),
    [
        ("Missing", None, 0, "it has Connect, Default"),
        ("Default", "leave", 0, r"its routes are \$default, join"),
        ("Default", None, 3, "there are 3.*from 0 to 2"),
        ("Default", "join", -2, "there are 1"),
    ],
)
def test_event_that_is_not_there_is_told_with_what_is(
    recorded: LoadedRecording, function: str, route_key: str | None, index: int, told: str
) -> None:
    with pytest.raises(GatewayError, match=told):
        recorded.choose(function, route_key=route_key, index=index)
