"""The usual handler: everything at module level, whether an invocation needs it or not."""

from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

LOGGER = Logger(service="naive")
METRICS = Metrics(namespace="Naive", service="naive")
TRACER = Tracer(service="naive")
TABLE = boto3.resource("dynamodb").Table("connections")
CLIENT = boto3.client("apigatewaymanagementapi", endpoint_url="https://localhost/ws")


class Message(BaseModel):
    """A message of a client."""

    message: str


class Event(BaseModel):
    """An event of `$default`, as far as it is used."""

    requestContext: dict[str, Any]
    body: str


@LOGGER.inject_lambda_context
@TRACER.capture_lambda_handler
@METRICS.log_metrics
@event_parser(model=Event)
def lambda_handler(event: Event, context: LambdaContext) -> dict[str, int]:
    """Send the message back."""
    message = Message.model_validate_json(event.body)
    connection_id = event.requestContext["connectionId"]
    CLIENT.post_to_connection(ConnectionId=connection_id, Data=message.message.encode())
    return {"statusCode": 200}
