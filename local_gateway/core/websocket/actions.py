"""What the core asks its shell to do: the only way out of a `Connection`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


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


type Action = Invoke | AcceptHandshake | RefuseHandshake | SendText | CloseSocket | Warn
