"""Route `$default`: runs the endpoint's business process on a message and posts its reply."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.lambda_events import ConnectionEvent, body_of
from sapa.messages.inputs import input_check
from sapa.messages.replies import Reply, answer, post
from sapa.observability import (
    Metric,
    Stopwatch,
    count,
    logged,
    logger,
    measure,
    message_metric,
    websocket_ids,
)
from sapa.processes.endpoints import DEFAULT_ENDPOINT, business_process_of
from sapa.services import Services, services, warm_up


@logged(websocket_ids)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Answer a message. If it is wrong, the client gets an error frame, and API Gateway a 200."""
    respond(event, services())
    return {"statusCode": 200}


def respond(event: dict[str, Any], parts: Services) -> None:
    """Run the business process and post its reply. Raises the errors of the posts."""
    stopwatch = Stopwatch()
    message = ConnectionEvent.from_event(event)
    reply = answer(body_of(event), message, parts)
    process_ms = stopwatch.lap()
    count(message_metric(reply.outcome))
    if reply.failure is not None:
        logger.error(reply.outcome, exc_info=reply.failure, endpoint=message.endpoint)
    arrived = post(reply, message.connection_id, parts)
    log_reply(reply, message.endpoint, arrived, process_ms, stopwatch.lap())


def log_reply(
    reply: Reply, endpoint: str, arrived: bool, process_ms: float, post_ms: float
) -> None:
    """Write a reply's metrics and its log line."""
    if arrived:
        count(Metric.REPLY_SENT, len(reply.frames))
    else:
        count(Metric.CONNECTION_GONE)
    measure(Metric.PROCESS_TIME, process_ms)
    measure(Metric.POST_TIME, post_ms)
    logger.info(
        "reply posted",
        endpoint=endpoint,
        outcome=reply.outcome,
        frames=len(reply.frames),
        arrived=arrived,
        process_ms=process_ms,
        post_ms=post_ms,
    )


warm_up(
    lambda parts: (
        parts.sender,
        parts.rate_limits,
        input_check(business_process_of(DEFAULT_ENDPOINT)),
    )
)
