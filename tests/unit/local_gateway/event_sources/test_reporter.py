"""What a batch of messages is reported as."""

import pytest

from local_gateway.core.event_sources.model import QueueMapping
from local_gateway.core.invocation import Failed, Invocation, InvocationResult, Succeeded
from local_gateway.event_sources.reporter import Reporter
from local_gateway.server.interfaces import ClockAndIds
from tests.unit.local_gateway.event_sources.fakes import FakeObserver

MAPPING = QueueMapping(
    logical_id="M", function="F", queue_arn="arn:aws:sqs:us-east-1:1:work", queue_url="http://work"
)


@pytest.mark.parametrize(
    ("result", "messages", "left", "outcome", "detail"),
    [
        (Succeeded(b"null"), 1, 0, "ok", "1 message"),
        (Succeeded(b"null"), 3, 0, "ok", "3 messages"),
        (Succeeded(b"{}"), 3, 2, "partly failed", "2 of 3 messages failed"),
        (Failed("ValueError", "no"), 2, 2, "error", "2 messages; ValueError: no"),
    ],
)
def test_a_batch_has_one_record(
    result: InvocationResult, messages: int, left: int, outcome: str, detail: str
) -> None:
    observer = FakeObserver()
    invocation = Invocation(result=result, request_id="r", cold=False, duration=0.5)
    Reporter(observer.observe, ClockAndIds()).batch(MAPPING, invocation, messages, left)
    [record] = observer.records
    assert (record.api, record.route_key, record.function) == ("sqs", "work", "F")
    assert (record.outcome, record.detail) == (outcome, detail)
    assert record.problem is (outcome != "ok")


def test_a_problem_is_one_line_without_a_function() -> None:
    observer = FakeObserver()
    Reporter(observer.observe, ClockAndIds()).problem("events", "rule", ValueError("two\nlines"))
    [record] = observer.records
    assert (record.outcome, record.detail, record.function) == ("failed", "two lines", None)
