"""What the core asks its shell to do: the only way out of a `Connection`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from local_gateway.core.http import Headers, Response
from local_gateway.core.websocket.integration import AwsService, MappedIntegration


class Purpose(StrEnum):
    """Why a function is invoked; the values are the terms a log line shows."""

    AUTHORIZE = "authorizer"
    CONNECT = "$connect"
    MESSAGE = "message"
    DISCONNECT = "$disconnect"


@dataclass(frozen=True, slots=True)
class Invoke:
    """Invoke `function` with `event`; the result goes to the connection's method for `purpose`:
    `authorized`, `connected` or `replied`.

    After `timeout` seconds the integration counts as timed out while the function runs on.
    """

    purpose: Purpose
    function: str
    route_key: str
    request_id: str
    event: Mapping[str, Any]
    timeout: float


class InvocationType(StrEnum):
    """The header `X-Amz-Invocation-Type` of Lambda."""

    REQUEST_RESPONSE = "RequestResponse"
    EVENT = "Event"
    DRY_RUN = "DryRun"


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """Invoke a function with a payload that is no event of API Gateway."""

    function: str
    payload: bytes
    invocation_type: InvocationType


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """Send a request to `url`, which is only a path and a query if it is for `service`."""

    method: str
    url: str
    headers: Headers
    body: bytes
    service: AwsService | None = None


@dataclass(frozen=True, slots=True)
class IntegrationFailure:
    """An integration has no response: `status` and `message` are for the client, `cause` for logs.

    A handshake gets the status, an open socket a frame with the message.
    """

    status: int
    message: str
    cause: str
    outcome: str = "error"


@dataclass(frozen=True, slots=True)
class IntegrationResult:
    """The response of an integration, mapped: `text` is what a two-way route sends, if anything.

    `cause` says why it is a problem, if it is.
    """

    status: int
    text: str | None = None
    subprotocol: str | None = None
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIntegration:
    """Send the mapped `request`, and hand the mapped result to the connection's `integrated`.

    A `MOCK` has its response already, and a request that could not be mapped its failure.
    """

    purpose: Purpose
    integration: MappedIntegration
    route_key: str
    request_id: str
    event: Mapping[str, Any]
    request: HttpCall | FunctionCall | Response | IntegrationFailure
    two_way: bool
    timeout: float


@dataclass(frozen=True, slots=True)
class AcceptHandshake:
    """Answer 101; `subprotocol` is what the `$connect` function chose, if anything."""

    subprotocol: str | None


@dataclass(frozen=True, slots=True)
class RefuseHandshake:
    """Answer the upgrade request with an HTTP status and `{"message": …}`; `cause` is for logs."""

    status: int
    message: str
    cause: str


@dataclass(frozen=True, slots=True)
class SendText:
    """Send one text message to the client."""

    text: str


@dataclass(frozen=True, slots=True)
class CloseSocket:
    """Start the closing handshake with `code` and `reason`."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Warn:
    """Warn the developer; no client sees it."""

    text: str


type Action = (
    Invoke | CallIntegration | AcceptHandshake | RefuseHandshake | SendText | CloseSocket | Warn
)
