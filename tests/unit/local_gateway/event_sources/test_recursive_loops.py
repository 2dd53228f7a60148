"""Chains that come back to the same function are stopped, with one record."""

from local_gateway.core.lambda_api.lineage import LIMIT, function_key
from local_gateway.event_sources.recursive_loops import RecursiveLoops
from local_gateway.event_sources.reporter import Reporter
from local_gateway.server.interfaces import ClockAndIds
from tests.support.applications import application
from tests.unit.local_gateway.event_sources.fakes import FakeObserver

FUNCTIONS = application().functions
CHAIN = f"Root=1-0-0;Lineage={function_key(FUNCTIONS['Connect'].arn)}:{LIMIT}"


def test_only_the_function_that_comes_again_is_stopped() -> None:
    observer = FakeObserver()
    loops = RecursiveLoops(Reporter(observer.observe, ClockAndIds()))
    assert not loops.stop("Connect", CHAIN, "sqs", "queue")
    loops.functions = FUNCTIONS
    assert not loops.stop("Http", CHAIN, "sqs", "queue")
    assert not loops.stop("Connect", None, "sqs", "queue")
    assert observer.records == []
    assert loops.stop("Connect", CHAIN, "sqs", "queue")
    [record] = observer.records
    assert (record.api, record.route_key, record.problem) == ("sqs", "queue", True)
