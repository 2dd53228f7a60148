"""Route `$default`: runs the endpoint's business process on a message and posts its reply."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.bootstrap import MessageServices, message_services, prepare
from sapa.connections.sender import deliver
from sapa.lambda_events import ConnectionEvent, body_of
from sapa.message_services import access_of, rate_limits, resume
from sapa.messages.replies import Reply, answer, context_of, ready
from sapa.metric import Metric, message_metric
from sapa.observability import Stopwatch, count, logger, measure, observed, socket_keys


@observed(socket_keys)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Answer one message; what is wrong with it is told to the client, not to API Gateway."""
    respond(event, message_services())
    return {"statusCode": 200}


def respond(event: dict[str, Any], services: MessageServices) -> None:
    """Run the business process and post its reply. Raises what the handler fails with."""
    stopwatch = Stopwatch()
    message = ConnectionEvent.of(event)
    reply = answer(
        body_of(event),
        context_of(message, partial(access_of, message)),
        retry_after_ms=rate_limits().retry_after_ms,
        resume=partial(resume, message),
    )
    process_ms = stopwatch.lap()
    count(message_metric(reply.outcome))
    if reply.failure is not None:
        logger.error(reply.outcome, exc_info=reply.failure, endpoint=message.endpoint)
    arrived = deliver(reply.frames, message.connection_id, services.sender, services.forget)
    _tell(reply, message.endpoint, arrived, process_ms, stopwatch.lap())


def _tell(reply: Reply, endpoint: str, arrived: bool, process_ms: float, post_ms: float) -> None:
    count(Metric.REPLY_SENT, len(reply.frames) if arrived else 0)
    count(Metric.CONNECTION_GONE, int(not arrived))
    measure(Metric.PROCESS_TIME, process_ms)
    measure(Metric.POST_TIME, post_ms)
    logger.info(
        "answered",
        endpoint=endpoint,
        outcome=reply.outcome,
        frames=len(reply.frames),
        arrived=arrived,
        process_ms=process_ms,
        post_ms=post_ms,
    )


prepare(message_services, rate_limits, ready)
