"""One logger and one set of metrics for all functions.

Log lines are JSON. Those about a socket have `connection_id`, `request_id` (API Gateway's) and
`function_request_id` (Lambda's), named as in the access logs, so that one query finds all of them.
Metrics are written to standard output in CloudWatch's embedded metric format, one line for each
invocation. Message bodies, cookies and passwords are never logged.
"""

import functools
import itertools
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.metric import Metric
from sapa.settings import settings

type Handler[Result] = Callable[[dict[str, Any], LambdaContext], Result]
type Keys = Callable[[dict[str, Any]], Mapping[str, object]]
"""What every log line about an event has; never raises, whatever the event lacks."""

logger = Logger(
    service=settings().service_name,
    # As Powertools' own, but made once rather than for each line.
    json_serializer=json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False).encode,
    # What a line says is text, also when it could be read as JSON.
    json_deserializer=str,
)
_invocations = itertools.count()
metrics = Metrics(namespace=settings().metrics_namespace, service=settings().service_name)


def count(name: str, value: int = 1) -> None:
    """Add `value` to the metric `name` of this invocation; nothing is not worth a metric."""
    if value:
        metrics.add_metric(name, MetricUnit.Count, value)


def measure(name: str, milliseconds: float) -> None:
    """Note a duration for the metric `name`."""
    metrics.add_metric(name, MetricUnit.Milliseconds, milliseconds)


class Stopwatch:
    """Runs from its creation on."""

    def __init__(self) -> None:
        self._lap_began = time.perf_counter()

    def lap(self) -> float:
        """Milliseconds since the last lap, to a tenth."""
        began, self._lap_began = self._lap_began, time.perf_counter()
        return round((self._lap_began - began) * 1000, 1)


def socket_keys(event: dict[str, Any]) -> Mapping[str, object]:
    """The ids of an event of the WebSocket API, and whose connection it is, once that is known."""
    context = event.get("requestContext") or {}
    return {
        "connection_id": context.get("connectionId"),
        "request_id": context.get("requestId"),
        "username": (context.get("authorizer") or {}).get("username"),
    }


def request_keys(event: dict[str, Any]) -> Mapping[str, object]:
    """The id of a request to the HTTP API, or of an event of EventBridge."""
    return {"request_id": (event.get("requestContext") or {}).get("requestId") or event.get("id")}


def no_keys(event: dict[str, Any]) -> Mapping[str, object]:
    """A batch is about many things: each line says about which."""
    return {}


def observed[Result](keys: Keys) -> Callable[[Handler[Result]], Handler[Result]]:
    """Give a handler's log lines their ids, and write its metrics when it is done.

    What it raises is logged with these ids: the Lambda runtime's own line knows none of them.
    """

    def decorate(handler: Handler[Result]) -> Handler[Result]:
        @functools.wraps(handler)
        def logged(event: dict[str, Any], context: LambdaContext) -> Result:
            _begin(context, keys(event))
            try:
                return handler(event, context)
            except Exception as error:
                count(Metric.FAILURE)
                logger.exception("failed", error=type(error).__name__)
                raise
            finally:
                # Powertools warns of an invocation that has none.
                if metrics.metric_set:
                    metrics.flush_metrics()

        return logged

    return decorate


def _begin(context: LambdaContext, ids: Mapping[str, object]) -> None:
    cold = next(_invocations) == 0
    count(Metric.COLD_START, int(cold))
    keys: dict[str, Any] = {name: value for name, value in ids.items() if value is not None}
    # Replaces what the invocation before has left.
    logger.structure_logs(
        cold_start=cold,
        function_name=context.function_name,
        function_request_id=context.aws_request_id,
        **keys,
    )
