"""What records say of invocations, and who gets them."""

from local_gateway.core.invocation import Failed, Invocation
from local_gateway.records import (
    ApiRecord,
    InvocationRecord,
    Observe,
    Record,
    observe_all,
)

AT = 1_700_000_000_042
INVOCATION = Invocation(
    result=Failed("KeyError", "'x'"), request_id="r", cold=True, duration=0.5, init_duration=0.25
)


def test_an_invocation_is_recorded_without_its_result() -> None:
    record = InvocationRecord.from_invocation(AT, "Echo", INVOCATION)
    assert record == (AT, "Echo", "r", True, 0.5, 0.25, "error", "KeyError: 'x'")


def test_an_api_record_has_the_id_and_the_duration_of_the_invocation() -> None:
    record = ApiRecord.from_invocation(
        INVOCATION, at=AT, api="http", route_key="GET /", outcome="502", problem=True
    )
    assert (record.request_id, record.duration_ms, record.cold) == ("r", 500.0, True)


def test_an_invocation_that_has_not_ended_in_time_has_neither() -> None:
    record = ApiRecord.from_invocation(
        None, at=AT, api="http", route_key="GET /", outcome="504", problem=True
    )
    assert (record.request_id, record.duration_ms, record.cold) == (None, None, False)


def test_every_observer_gets_each_record_also_one_that_comes_later() -> None:
    first: list[Record] = []
    second: list[Record] = []
    observers: list[Observe] = [first.append]
    observe = observe_all(observers)
    observe(ApiRecord(AT, "http", "GET /", "200"))
    observers.append(second.append)
    observe(ApiRecord(AT, "http", "GET /", "404"))
    assert (len(first), len(second)) == (2, 1)
