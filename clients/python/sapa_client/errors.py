"""All errors of this package.

SapaClientError
├── LoginError            the login was refused
├── HandshakeError        the server refuses the WebSocket
├── SessionEndedError     the server has closed the connection for good
├── ConnectionLostError   the connection closed before the reply, and may come back
├── AskError              the server answered with an error
└── AnswerError           an answer failed
"""

from collections.abc import Mapping
from typing import Any


class SapaClientError(Exception):
    """The base of all errors that this package raises."""


class LoginError(SapaClientError):
    """The login was refused with an HTTP status; `code` is the server's error code, if any."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


class HandshakeError(SapaClientError):
    """The server refuses the WebSocket with an HTTP status, now and later."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"the handshake was answered with {status}: {reason}")
        self.status = status


class SessionEndedError(SapaClientError):
    """The server has closed the connection for good: `session_ended` or `too_many_connections`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class ConnectionLostError(SapaClientError):
    """The connection closed before the reply: the message may or may not have been processed."""


class AskError(SapaClientError):
    """The server answered with the error `code`; `error` has all that it said."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = str(error.get("code"))
        self.error = dict(error)


class AnswerError(AskError):
    """An answer failed after the parts that arrived."""
