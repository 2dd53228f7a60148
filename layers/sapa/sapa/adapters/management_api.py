"""The management API (`@connections`): the only way to a client's socket.

Source: developer guide, "Use @connections commands in your backend service".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sapa.errors import ConnectionGoneError, DeliveryError

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


@contextmanager
def _translated(connection_id: str) -> Iterator[None]:
    """`GoneException` is a `ClientError` and, behind some proxies, only the status tells."""
    try:
        yield
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.GONE:
            raise ConnectionGoneError(connection_id) from error
        raise DeliveryError(connection_id, error.response["Error"]["Code"]) from error
    except BotoCoreError as error:
        raise DeliveryError(connection_id, type(error).__name__) from error


class ManagementApiSender:
    """A `MessageSender` on API Gateway."""

    def __init__(self, client: "ApiGatewayManagementApiClient") -> None:
        self._client = client

    def post(self, connection_id: str, frame: str) -> None:
        """Send a text frame. Raises `ConnectionGoneError`, `DeliveryError`."""
        with _translated(connection_id):
            self._client.post_to_connection(ConnectionId=connection_id, Data=frame.encode())

    def close(self, connection_id: str) -> None:
        """Close a socket. Raises `ConnectionGoneError`, `DeliveryError`."""
        with _translated(connection_id):
            self._client.delete_connection(ConnectionId=connection_id)
