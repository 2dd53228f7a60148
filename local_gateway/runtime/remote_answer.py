"""What an answer of `sam local start-lambda` says about an invocation.

It serves the Invoke operation of the Lambda API: 200 with the handler's result, and
`X-Amz-Function-Error` beside the error of a handler that raised. Where it differs from Lambda:
a function that was stopped because of its timeout, or that ended by itself, is 200 with an empty
body, and the runtime's own notice of a timeout is plain text.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled, TimedOut
from local_gateway.core.model import LambdaFunction

FUNCTION_ERROR = "X-Amz-Function-Error"
EXIT_ERROR = "Runtime.ExitError"

_TIMED_OUT = re.compile(rb"\s*(?:\S+ )?(?:\S+ )?Task timed out after [\d.]+ seconds\s*")


def interpret(
    function: LambdaFunction,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    seconds: float,
) -> InvocationResult:
    """The result that an HTTP answer stands for, `seconds` after the request."""
    if status == 429:
        return Throttled()
    if status != 200:
        return _refused(status, body)
    if _TIMED_OUT.fullmatch(body) or (not body and seconds >= function.timeout):
        return TimedOut(function.timeout)
    if not body:
        return Failed(EXIT_ERROR, "the function ended without a result; the logs are SAM's")
    if FUNCTION_ERROR in headers:
        return _raised(function, headers[FUNCTION_ERROR], body)
    return Succeeded(body)


def _refused(status: int, body: bytes) -> Failed:
    error = _object(body)
    message = str(error.get("Message") or error.get("message") or "no reason given")
    return Failed("LambdaEndpoint.Refused", f"status {status}: {message}")


def _raised(function: LambdaFunction, kind: str, body: bytes) -> InvocationResult:
    error = _object(body)
    message = str(error.get("errorMessage", ""))
    if "errorType" not in error and _TIMED_OUT.fullmatch(message.encode()):
        return TimedOut(function.timeout)
    return Failed(str(error.get("errorType", kind)), message)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
