"""API Gateway's WebSocket events as typed values.

Shapes: developer guide, "Set up data mapping for WebSocket APIs", "Create a Lambda REQUEST
authorizer" and "$connect and $disconnect". Query and header members can be absent or null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sapa.errors import LambdaEventError

type LambdaEvent = Mapping[str, Any]

_MAX_ENDPOINT_LENGTH = 128
NEVER = 2**53
_CONNECTION_ID = ("requestContext.connectionId", str)


def _members(event: LambdaEvent, **paths: tuple[str, type]) -> dict[str, Any]:
    """The values at these paths. Raises `LambdaEventError` for one that is not of its type."""
    members = {}
    for member, (path, kind) in paths.items():
        value: Any = event
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if not isinstance(value, kind):
            raise LambdaEventError(path)
        members[member] = value
    return members


def header_values(event: LambdaEvent, name: str) -> tuple[str, ...]:
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


def came_by_https(event: LambdaEvent) -> bool:
    """Whether a request came by TLS; API Gateway overwrites what a client says about it."""
    return header_values(event, "x-forwarded-proto")[:1] == ("https",)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeEvent:
    """The parts of a handshake on which the authorizer decides.

    `hosts` are the values of `Host` and `x-viewer-host`.
    """

    method_arn: str
    endpoint: str
    cookie_headers: tuple[str, ...]
    origins: tuple[str, ...]
    hosts: tuple[str, ...]
    is_https: bool

    @classmethod
    def from_event(cls, event: LambdaEvent, default_endpoint: str) -> Self:
        """Read a REQUEST authorizer's event. Raises `LambdaEventError`."""
        query = event.get("queryStringParameters") or {}
        return cls(
            **_members(event, method_arn=("methodArn", str)),
            endpoint=str(query.get("endpoint", default_endpoint))[:_MAX_ENDPOINT_LENGTH],
            cookie_headers=header_values(event, "Cookie"),
            origins=header_values(event, "Origin"),
            hosts=header_values(event, "Host") + header_values(event, "x-viewer-host"),
            is_https=came_by_https(event),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionEvent:
    """The members that every event of an authorized connection has.

    `connected_at` and `request_time` are epoch milliseconds, `session_expires_at` is epoch seconds:
    the end of the login, as the authorizer read it. `session_key` is the login's key in the table
    of sessions, empty for a socket that was opened before a deployment that added it.
    """

    connection_id: str
    request_id: str
    connected_at: int
    request_time: int
    username: str
    endpoint: str
    session_id: str
    session_expires_at: int = NEVER
    session_key: str = ""

    @property
    def is_session_over(self) -> bool:
        """Whether the login had expired when API Gateway received this."""
        return self.request_time // 1000 >= self.session_expires_at

    @classmethod
    def from_event(cls, event: LambdaEvent) -> Self:
        """Read a `$connect` or message event. Raises `LambdaEventError`."""
        return cls(
            session_expires_at=_session_expires_at(event),
            session_key=str(_authorizer_context(event).get("session_key", "")),
            **_members(
                event,
                connection_id=_CONNECTION_ID,
                request_id=("requestContext.requestId", str),
                connected_at=("requestContext.connectedAt", int),
                request_time=("requestContext.requestTimeEpoch", int),
                username=("requestContext.authorizer.username", str),
                endpoint=("requestContext.authorizer.endpoint", str),
                session_id=("requestContext.authorizer.session_id", str),
            ),
        )


def _session_expires_at(event: LambdaEvent) -> int:
    """A socket that was opened before a deployment may not have it; it lives for two hours."""
    value = str(_authorizer_context(event).get("expires_at", NEVER))
    return int(value) if value.isascii() and value.isdigit() else 0


def _authorizer_context(event: LambdaEvent) -> Mapping[str, Any]:
    return (event.get("requestContext") or {}).get("authorizer") or {}


def connection_id_of(event: LambdaEvent) -> str:
    """The connection that an event is about. Raises `LambdaEventError`."""
    connection_id: str = _members(event, connection_id=_CONNECTION_ID)["connection_id"]
    return connection_id


def body_of(event: LambdaEvent) -> str:
    """The text frame of a message event; an empty frame has no body."""
    return event.get("body") or ""


def closing_of(event: LambdaEvent) -> tuple[int | None, str | None]:
    """The close code and reason of a `$disconnect` event, if it has them."""
    context = event.get("requestContext") or {}
    return context.get("disconnectStatusCode"), context.get("disconnectReason")
