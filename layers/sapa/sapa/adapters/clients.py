"""boto3 clients whose patience fits into API Gateway's 29 seconds.

Each function is imported where its client is needed: botocore reads a client's service model
from disk, which is the larger part of a cold start.
"""

import functools
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient

    from sapa.adapters.event_queue import SqsClient


@functools.cache
def boto3_session() -> boto3.session.Session:
    """One session: it caches what all clients share."""
    return boto3.session.Session()


def dynamodb_client(*, connections: int = 10) -> "DynamoDBClient":
    """DynamoDB; at most 2 tries of 3 seconds, since a handshake waits for it.

    For so many calls at the same time a connection is kept.
    """
    config = Config(
        max_pool_connections=connections,
        connect_timeout=1,
        read_timeout=2,
        retries={"total_max_attempts": 2, "mode": "standard"},
        tcp_keepalive=True,
    )
    return boto3_session().client("dynamodb", config=config)


def cognito_client() -> "CognitoIdentityProviderClient":
    """Cognito; at most 2 tries of 5 seconds, since a login can take two calls."""
    config = Config(
        connect_timeout=1,
        read_timeout=4,
        retries={"total_max_attempts": 2, "mode": "standard"},
        tcp_keepalive=True,
    )
    return boto3_session().client("cognito-idp", config=config)


def sqs_client() -> "SqsClient":
    """SQS; at most 3 tries of 4 seconds, since a publisher waits for it."""
    config = Config(
        connect_timeout=1,
        read_timeout=3,
        retries={"total_max_attempts": 3, "mode": "standard"},
        tcp_keepalive=True,
    )
    client: SqsClient = boto3_session().client("sqs", config=config)
    return client


def management_api_client(endpoint: str) -> "ApiGatewayManagementApiClient":
    """The management API at `endpoint`; at most 3 tries of 4 seconds."""
    config = Config(
        connect_timeout=1,
        read_timeout=3,
        retries={"total_max_attempts": 3, "mode": "standard"},
        tcp_keepalive=True,
    )
    return boto3_session().client("apigatewaymanagementapi", endpoint_url=endpoint, config=config)
