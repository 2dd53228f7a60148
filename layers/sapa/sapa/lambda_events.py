"""API Gateway's WebSocket events as typed values.

Shapes: developer guide, "Set up data mapping for WebSocket APIs", "Create a Lambda REQUEST
authorizer" and "$connect and $disconnect". Query and header members can be absent or null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sapa.errors import EventError

type Event = Mapping[str, Any]

_MAX_ENDPOINT_LENGTH = 128


def _member(event: Event, *path: str) -> Any:
    value: Any = event
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(event: Event, *path: str) -> str:
    value = _member(event, *path)
    if not isinstance(value, str):
        raise EventError(".".join(path))
    return value


def _number(event: Event, *path: str) -> int:
    value = _member(event, *path)
    if not isinstance(value, int):
        raise EventError(".".join(path))
    return value


def header_values(event: Event, name: str) -> tuple[str, ...]:
    """All values of a header, its name compared without regard to case.

    `headers` keeps only the last of several equal headers, so the multi-value form comes first.
    """
    wanted = name.lower()
    for headers in (event.get("multiValueHeaders"), event.get("headers")):
        values = [value for key, value in (headers or {}).items() if key.lower() == wanted]
        if values:
            return tuple(
                item for value in values for item in (value if isinstance(value, list) else [value])
            )
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeEvent:
    """What the authorizer decides on; `hosts` are `Host` and `x-viewer-host`."""

    method_arn: str
    endpoint: str
    cookie_headers: tuple[str, ...]
    origins: tuple[str, ...]
    hosts: tuple[str, ...]

    @classmethod
    def of(cls, event: Event, default_endpoint: str) -> Self:
        """Read a REQUEST authorizer's event. Raises `EventError`."""
        query = event.get("queryStringParameters") or {}
        return cls(
            method_arn=_text(event, "methodArn"),
            endpoint=str(query.get("endpoint", default_endpoint))[:_MAX_ENDPOINT_LENGTH],
            cookie_headers=header_values(event, "Cookie"),
            origins=header_values(event, "Origin"),
            hosts=header_values(event, "Host") + header_values(event, "x-viewer-host"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionEvent:
    """What every event of an authorized connection tells.

    `connected_at` and `request_time` are epoch milliseconds.
    """

    connection_id: str
    request_id: str
    connected_at: int
    request_time: int
    username: str
    endpoint: str
    session_id: str

    @classmethod
    def of(cls, event: Event) -> Self:
        """Read a `$connect` or message event. Raises `EventError`."""
        return cls(
            connection_id=connection_id_of(event),
            request_id=_text(event, "requestContext", "requestId"),
            connected_at=_number(event, "requestContext", "connectedAt"),
            request_time=_number(event, "requestContext", "requestTimeEpoch"),
            username=_text(event, "requestContext", "authorizer", "username"),
            endpoint=_text(event, "requestContext", "authorizer", "endpoint"),
            session_id=_text(event, "requestContext", "authorizer", "session_id"),
        )


def connection_id_of(event: Event) -> str:
    """The connection that an event is about. Raises `EventError`."""
    return _text(event, "requestContext", "connectionId")


def body_of(event: Event) -> str:
    """The text frame of a message event; an empty frame has no body."""
    return event.get("body") or ""


def closing_of(event: Event) -> tuple[int | None, str | None]:
    """The close code and reason of a `$disconnect` event, as far as it tells them."""
    context = event.get("requestContext") or {}
    return context.get("disconnectStatusCode"), context.get("disconnectReason")
