"""The clients of AWS's services, with a patience that fits into API Gateway's 29 seconds.

Addresses are those that boto3 would take: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, or the
region's own.
"""

import random
import time

from sapa.aws.credentials import credential_source
from sapa.aws.dynamodb import TARGET, VERSION, DynamoDBClient
from sapa.aws.endpoint import Retries, SignedEndpoint
from sapa.aws.http_connection import Patience
from sapa.aws.json_service import JsonService
from sapa.settings import Settings


def dynamodb_client(known: Settings) -> DynamoDBClient:
    """DynamoDB; at most 2 tries of 3 seconds, since a handshake waits for it."""
    endpoint = _endpoint(known, known.service_url("dynamodb"), "dynamodb", read=2.0)
    return DynamoDBClient(
        JsonService(endpoint, target=TARGET, version=VERSION, retries=retries(attempts=2))
    )


def sqs_service(known: Settings) -> JsonService:
    """SQS; at most 3 tries of 4 seconds, since a publisher waits for it."""
    endpoint = _endpoint(known, known.service_url("sqs"), "sqs", read=3.0)
    return JsonService(endpoint, target="AmazonSQS", version="1.0", retries=retries(attempts=3))


def management_endpoint(known: Settings, read: float = 3.0) -> SignedEndpoint:
    """The management API; an answer may take `read` seconds."""
    return _endpoint(known, known.management_api_endpoint, "execute-api", read=read)


def retries(*, attempts: int) -> Retries:
    """With real pauses of random length."""
    return Retries(attempts=attempts, pause=time.sleep, chance=random.random)


def _endpoint(known: Settings, url: str, service: str, *, read: float) -> SignedEndpoint:
    return SignedEndpoint(
        url,
        service=service,
        region=known.region,
        credentials=credential_source(known),
        patience=Patience(connect=1.0, read=read),
    )
