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
from enum import StrEnum
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.settings import settings

type Handler[Result] = Callable[[dict[str, Any], LambdaContext], Result]
type Ids = Callable[[dict[str, Any]], Mapping[str, object]]
"""The ids in every log line about an event; never raises, whatever the event lacks."""


class Metric(StrEnum):
    """The metrics of all functions: the dashboard and the alarms show no others.

    They are counts, unless the name ends in `Time` or `Lag`: milliseconds. Each message is also
    counted by its outcome, see `message_metric`, and each answer, see `answer_metric`. A custom
    metric costs its price in every hour in which it has a value, so what AWS counts by itself
    (requests, durations, errors of functions and APIs) is not counted here again.
    """

    # An invocation failed, or was answered as unavailable; the log has the cause.
    FAILURE = "Failure"
    # The first invocation of an execution environment.
    COLD_START = "ColdStart"

    LOGIN_GRANTED = "LoginGranted"
    LOGIN_REFUSED = "LoginRefused"
    # By the authorizer or `$connect`; API Gateway itself refuses handshakes without a cookie.
    HANDSHAKE_REFUSED = "HandshakeRefused"
    CONNECTION_OPENED = "ConnectionOpened"
    CONNECTION_CLOSED = "ConnectionClosed"
    # A post was answered 410.
    CONNECTION_GONE = "ConnectionGone"

    # From a message's event to the frames of its reply: checks and business process.
    PROCESS_TIME = "ProcessTime"
    # All posts of one reply, and the removal of its connection if that is gone.
    POST_TIME = "PostTime"
    # Frames of replies that arrived.
    REPLY_SENT = "ReplySent"

    EVENT_ACCEPTED = "EventAccepted"
    PUBLISH_REFUSED = "PublishRefused"
    # From the acceptance of an event to the last post of a fan-out task.
    FAN_OUT_LAG = "FanOutLag"
    FRAME_DELIVERED = "FrameDelivered"
    RECIPIENT_REQUEUED = "RecipientRequeued"
    DISPATCH_FAILED = "DispatchFailed"

    # From the acceptance of a message to the first part of its answer.
    FIRST_PART_TIME = "FirstPartTime"
    # Frames of answers that arrived.
    PART_DELIVERED = "PartDelivered"


def answer_metric(outcome: str) -> str:
    """The metric that counts answers of streaming processes by how they ended."""
    return f"Answer.{outcome}"


def message_metric(outcome: str) -> str:
    """The metric that counts messages by outcome: `ok`, `accepted`, `pong`, … or an error code."""
    return f"Message.{outcome}"


logger = Logger(
    service=settings().service_name,
    # As Powertools' own, but made once rather than for each line.
    json_serializer=json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False).encode,
    # A text that could be read as JSON is still logged as text.
    json_deserializer=str,
)
_invocations = itertools.count()
metrics = Metrics(namespace=settings().metrics_namespace, service=settings().service_name)


def count(name: str, value: int = 1) -> None:
    """Add `value` to the metric `name` of this invocation; 0 is not written."""
    if value:
        metrics.add_metric(name, MetricUnit.Count, value)


def measure(name: str, milliseconds: float) -> None:
    """Add a duration to the metric `name`."""
    metrics.add_metric(name, MetricUnit.Milliseconds, milliseconds)


class Stopwatch:
    """Starts when it is created."""

    def __init__(self) -> None:
        self._lap_began = time.perf_counter()

    def lap(self) -> float:
        """Milliseconds since the last lap, to a tenth."""
        began, self._lap_began = self._lap_began, time.perf_counter()
        return round((self._lap_began - began) * 1000, 1)


def websocket_ids(event: dict[str, Any]) -> Mapping[str, object]:
    """The ids of an event of the WebSocket API, and the user if the authorizer has named one."""
    context = event.get("requestContext") or {}
    return {
        "connection_id": context.get("connectionId"),
        "request_id": context.get("requestId"),
        "username": (context.get("authorizer") or {}).get("username"),
    }


def request_ids(event: dict[str, Any]) -> Mapping[str, object]:
    """The id of a request to the HTTP API, or of an event of EventBridge."""
    return {"request_id": (event.get("requestContext") or {}).get("requestId") or event.get("id")}


def no_ids(event: dict[str, Any]) -> Mapping[str, object]:
    """A batch has many messages: each log line names its own."""
    return {}


def logged[Result](ids: Ids) -> Callable[[Handler[Result]], Handler[Result]]:
    """Give a handler's log lines their ids, and write its metrics at the end.

    An exception is logged with these ids: the Lambda runtime's own line has none of them.
    """

    def decorate(handler: Handler[Result]) -> Handler[Result]:
        @functools.wraps(handler)
        def logged_handler(event: dict[str, Any], context: LambdaContext) -> Result:
            _begin(context, ids(event))
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

        return logged_handler

    return decorate


def _begin(context: LambdaContext, ids: Mapping[str, object]) -> None:
    cold = next(_invocations) == 0
    if cold:
        count(Metric.COLD_START)
    present: dict[str, Any] = {name: value for name, value in ids.items() if value is not None}
    # Replaces the keys of the invocation before.
    logger.structure_logs(
        cold_start=cold,
        function_name=context.function_name,
        function_request_id=context.aws_request_id,
        **present,
    )
