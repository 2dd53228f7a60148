"""Route `$default`: runs the endpoint's business process on a message and posts its reply."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.bootstrap import message_services
from sapa.delivery import deliver
from sapa.gateway_events import ConnectionEvent, body_of
from sapa.message_services import access_of, rate_limits, resume
from sapa.observability import CONNECTION_ID_PATH, count, logger, observed
from sapa.replies import answer, context_of


@observed(CONNECTION_ID_PATH)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Answer one message; what is wrong with it is told to the client, not to API Gateway."""
    services = message_services()
    message = ConnectionEvent.of(event)
    reply = answer(
        body_of(event),
        context_of(message, partial(access_of, message)),
        retry_after_ms=rate_limits().retry_after_ms,
        resume=partial(resume, message),
    )
    count(f"Message.{reply.outcome}")
    if reply.failure is not None:
        logger.error(reply.outcome, exc_info=reply.failure, request_id=message.request_id)
    arrived = deliver(reply.frames, message.connection_id, services.sender, services.forget)
    logger.info("answered", outcome=reply.outcome, frames=len(reply.frames), arrived=arrived)
    return {"statusCode": 200}
