"""The management API (`@connections`): the only way to a client's socket.

Source: developer guide, "Use @connections commands in your backend service".
"""

from http import HTTPStatus
from urllib.parse import quote

from sapa.aws.endpoint import Body, Retries, SignedEndpoint, UnreachableError
from sapa.aws.http_connection import Answer
from sapa.errors import ConnectionGoneError, DeliveryError

_NOTHING = Body.of(b"")


def connection_path(endpoint: SignedEndpoint, connection_id: str) -> str:
    """Where a connection is posted to, as the path travels."""
    return f"{endpoint.path}/@connections/{quote(connection_id, safe='')}"


class ManagementApiSender:
    """A `MessageSender` on API Gateway."""

    def __init__(self, endpoint: SignedEndpoint, retries: Retries) -> None:
        self._endpoint = endpoint
        self._retries = retries

    def post(self, connection_id: str, frame: str) -> None:
        """Send a text frame. Raises `ConnectionGoneError`, `DeliveryError`."""
        self._call("POST", connection_id, Body.of(frame.encode()))

    def close(self, connection_id: str) -> None:
        """Close a socket. Raises `ConnectionGoneError`, `DeliveryError`."""
        self._call("DELETE", connection_id, _NOTHING)

    def _call(self, method: str, connection_id: str, body: Body) -> None:
        path = connection_path(self._endpoint, connection_id)
        try:
            answer = self._endpoint.send_patiently(method, path, body, self._retries)
        except UnreachableError as error:
            raise DeliveryError(connection_id, error.reason) from error
        # Behind some proxies only the status tells.
        if answer.status == HTTPStatus.GONE:
            raise ConnectionGoneError(connection_id)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            raise DeliveryError(connection_id, _code(answer))


def _code(answer: Answer) -> str:
    """The error's type stands in a header, sometimes with an address behind it."""
    kind = answer.headers.get(b"x-amzn-errortype", b"").partition(b":")[0]
    return kind.decode("latin-1") or f"HTTP {answer.status}"
