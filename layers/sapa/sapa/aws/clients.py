"""The clients of AWS's services, with timeouts that fit into API Gateway's 29 seconds.

Addresses are the same as boto3's: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, or the region's
own.
"""

import random
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sapa.aws.endpoint import Body, Retries, Server, SignedEndpoint, Signer, credential_source
from sapa.aws.http_connection import Timeouts
from sapa.aws.json_service import JsonService
from sapa.settings import Settings

if TYPE_CHECKING:
    from sapa.aws.http_stream import StreamingEndpoint

# A model thinks before it says something, and servers on a laptop load it first.
MODEL_TIMEOUTS = Timeouts(connect=3.0, read=120.0)


def dynamodb_service(config: Settings) -> JsonService:
    """DynamoDB; at most 2 tries of 3 seconds, since a handshake waits for it."""
    endpoint = _endpoint(config, config.service_url("dynamodb"), "dynamodb", read=2.0)
    return JsonService(
        endpoint, target="DynamoDB_20120810", version="1.0", retries=retries(attempts=2)
    )


def sqs_service(config: Settings) -> JsonService:
    """SQS; at most 3 tries of 4 seconds, since a publisher waits for it."""
    endpoint = _endpoint(config, config.service_url("sqs"), "sqs", read=3.0)
    return JsonService(endpoint, target="AmazonSQS", version="1.0", retries=retries(attempts=3))


def cognito_service(config: Settings) -> JsonService:
    """Cognito user pools; at most 2 tries of 5 seconds, since a login can take two calls."""
    endpoint = _endpoint(config, config.service_url("cognito-idp"), "cognito-idp", read=4.0)
    target = "AWSCognitoIdentityProviderService"
    return JsonService(endpoint, target=target, version="1.1", retries=retries(attempts=2))


def management_endpoint(config: Settings, *, read: float) -> SignedEndpoint:
    """The management API; an answer may take `read` seconds."""
    return _endpoint(config, config.management_api_endpoint, "execute-api", read=read)


def model_endpoint(config: Settings) -> "StreamingEndpoint":
    """The service of the language model: a key is sent if there is one, else AWS's signature."""
    from sapa.aws.http_stream import StreamingEndpoint

    url = config.assistant_url or config.service_url("bedrock-runtime")
    key = config.assistant_key
    signer: Signer | None = None
    if not key and config.assistant_api == "bedrock":
        signer = Signer(
            credential_source(config),
            service="bedrock",
            host=Server(url).host,
            region=config.region,
        )

    def authorization(method: str, path: str, body: Body, headers: Mapping[str, str]) -> str:
        if signer is not None:
            return signer.headers(method, path, body.digest, time.time(), headers)
        return f"Authorization: Bearer {key}\r\n" if key else ""

    return StreamingEndpoint(url, authorization=authorization, timeouts=MODEL_TIMEOUTS)


def retries(*, attempts: int) -> Retries:
    """Retries with pauses of random length."""
    return Retries(attempts=attempts, sleep=time.sleep, jitter=random.random)


def _endpoint(config: Settings, url: str, service: str, *, read: float) -> SignedEndpoint:
    return SignedEndpoint(
        url,
        service=service,
        region=config.region,
        credentials=credential_source(config),
        timeouts=Timeouts(connect=1.0, read=read),
    )
