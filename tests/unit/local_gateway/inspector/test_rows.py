from local_gateway.core.invocation import Failed, Invocation, Succeeded
from local_gateway.inspector.rows import row_json
from local_gateway.records import ApiRecord, Direction, Frame, InvocationRecord, LogLine


def test_a_frame_has_its_way_and_its_text() -> None:
    assert row_json(7, Frame(1_000, "abc=", Direction.IN, "Hai!")) == {
        "number": 7,
        "kind": "frame",
        "at": 1_000,
        "connection": "abc=",
        "way": "in",
        "text": "Hai!",
    }


def test_a_log_line_names_its_invocation() -> None:
    assert row_json(1, LogLine(5, "Echo", "stderr", "oh", None)) == {
        "number": 1,
        "kind": "log",
        "at": 5,
        "function": "Echo",
        "stream": "stderr",
        "text": "oh",
        "request": None,
    }


def test_a_cold_invocation_shows_both_durations_in_milliseconds() -> None:
    invocation = Invocation(
        result=Succeeded(b"{}"), request_id="r-1", cold=True, duration=0.01234, init_duration=0.5
    )
    row = row_json(1, InvocationRecord.from_invocation(5, "Echo", invocation))
    assert (row["duration"], row["init"], row["cold"]) == (12.34, 500.0, True)
    assert (row["request"], row["outcome"], row["problem"]) == ("r-1", "ok", False)


def test_a_failed_invocation_says_why() -> None:
    invocation = Invocation(
        result=Failed("KeyError", "'x'"), request_id="r", cold=False, duration=0.001
    )
    row = row_json(1, InvocationRecord.from_invocation(5, "Echo", invocation))
    assert (row["outcome"], row["detail"], row["problem"]) == ("error", "KeyError: 'x'", True)
    assert row["init"] is None


def test_a_refusal_keeps_its_cause() -> None:
    record = ApiRecord(
        at=9,
        api="websocket",
        route_key="$connect",
        outcome="403 Forbidden",
        connection_id="abc=",
        request_id="r",
        duration_ms=1.239,
        detail="the authorizer's policy denies",
        problem=True,
        integration="mock",
    )
    row = row_json(3, record)
    assert row["integration"] == "mock"
    assert (row["kind"], row["at"], row["route"]) == ("entry", 9, "$connect")
    assert (row["outcome"], row["detail"]) == ("403 Forbidden", "the authorizer's policy denies")
    assert (row["request"], row["connection"], row["duration"]) == ("r", "abc=", 1.24)
