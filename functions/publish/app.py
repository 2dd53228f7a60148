"""Accepts events from outside: `POST /publish` with IAM, and EventBridge."""

import json
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.bootstrap import prepare
from sapa.channel_services import publisher
from sapa.channels.publish_request import PublishRequest, of_eventbridge, of_http
from sapa.errors import QueueError, RequestError, StoreError
from sapa.metric import Metric
from sapa.observability import count, logger, observed, request_keys

type Answer = dict[str, Any]


@observed(request_keys)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Answer | None:
    """Publish what a request or an event of the bus asks for."""
    if "requestContext" in event:
        return _answer(event)
    # What fails here is invoked again, and in the end goes to the dead-letter queue.
    _publish(of_eventbridge(event))
    return None


def _answer(event: dict[str, Any]) -> Answer:
    try:
        accepted = _publish(of_http(event))
    except RequestError as error:
        count(Metric.PUBLISH_REFUSED)
        logger.info("publish refused", reason=error.code)
        content: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.fields is not None:
            content["fields"] = dict(error.fields)
        return _json(error.status, {"error": content})
    except (StoreError, QueueError):
        count(Metric.FAILURE)
        logger.exception("not accepted")
        message = "The event was not accepted. Try again."
        unavailable = {"code": "unavailable", "message": message}
        return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"error": unavailable})
    return _json(HTTPStatus.ACCEPTED, accepted)


def _publish(request: PublishRequest) -> Answer:
    event = publisher().publish(request.channel, request.payload, publisher=request.publisher)
    count(Metric.EVENT_ACCEPTED)
    logger.info(
        "accepted", channel=event.channel, sequence=event.sequence, publisher=event.publisher
    )
    return {"channel": event.channel, "sequence": event.sequence}


def _json(status: int, content: Answer) -> Answer:
    return {
        "statusCode": int(status),
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps(content, ensure_ascii=False),
    }


prepare(publisher)
