"""Accepts events from outside: `POST /publish` with IAM, and EventBridge."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.channels.publish_request import PublishRequest
from sapa.errors import QueueError, RefusalError, StoreError
from sapa.observability import Metric, count, logged, logger, request_ids
from sapa.services import services, warm_up
from sapa.web.responses import Response, json_response, refusal_response


@logged(request_ids)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """Publish the event in a request, or in an event of the bus."""
    if "requestContext" in event:
        return _respond(event).as_result()
    # If this raises, Lambda invokes it again, and in the end the event goes to the dead-letter
    # queue.
    _publish(PublishRequest.from_eventbridge(event))
    return None


def _respond(event: dict[str, Any]) -> Response:
    try:
        accepted = _publish(PublishRequest.from_http(event))
    except RefusalError as refusal:
        count(Metric.PUBLISH_REFUSED)
        logger.info("publish refused", reason=refusal.code)
        return refusal_response(refusal)
    except (StoreError, QueueError):
        count(Metric.FAILURE)
        logger.exception("not accepted")
        text = "The event was not accepted. Try again."
        return refusal_response(RefusalError("unavailable", text))
    return json_response(accepted, HTTPStatus.ACCEPTED)


def _publish(request: PublishRequest) -> dict[str, Any]:
    event = services().publisher.publish(
        request.channel, request.payload, publisher=request.publisher
    )
    count(Metric.EVENT_ACCEPTED)
    logger.info(
        "accepted", channel=event.channel, sequence=event.sequence, publisher=event.publisher
    )
    return {"channel": event.channel, "sequence": event.sequence}


warm_up(lambda parts: parts.publisher)
