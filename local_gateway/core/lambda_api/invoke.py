"""The Invoke operation: what a call asks for, and the answer to it.

Source: Lambda API reference, "Invoke"; developer guide, "Lambda quotas".
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.invocation import (
    Failed,
    Invocation,
    InvocationResult,
    Succeeded,
    Throttled,
    TimedOut,
)
from local_gateway.core.lambda_api.errors import LambdaApiError, ThrottledError, invalid_parameter

MAX_BYTES = 6 * 1024 * 1024
MAX_ASYNCHRONOUS_BYTES = 1024 * 1024

# What SDKs, the CLI and curl send with JSON.
_MEDIA_TYPES = frozenset(
    {
        "application/json",
        "application/octet-stream",
        "application/x-amz-json-1.0",
        "application/x-amz-json-1.1",
        "application/x-www-form-urlencoded",
        "binary/octet-stream",
        "text/plain",
    }
)
_STREAMING = "response-streaming-invocations"


class InvocationType(StrEnum):
    """The header `X-Amz-Invocation-Type`."""

    REQUEST_RESPONSE = "RequestResponse"
    EVENT = "Event"
    DRY_RUN = "DryRun"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeCall:
    """A call; `function_name` may be an ARN."""

    function_name: str
    qualifier: str | None
    invocation_type: InvocationType
    payload: bytes
    wants_log: bool = False


def parse_call(request: Request) -> InvokeCall:
    """The call that a request is; raises `LambdaApiError` for one that Lambda refuses."""
    version, _, rest = request.path.removeprefix("/").partition("/functions/")
    name, _, operation = rest.rstrip("/").rpartition("/")
    if not name or "/" in version:
        raise LambdaApiError(404, "UnknownOperationException", "no such operation")
    if operation == _STREAMING:
        raise LambdaApiError(
            501,
            "NotImplementedException",
            "the local gateway does not stream responses: InvokeWithResponseStream is not served",
        )
    if request.method != "POST":
        raise LambdaApiError(405, "MethodNotAllowedException", f"{request.method} is not allowed")
    kind = _invocation_type(request, operation)
    _check_media_type(request)
    return InvokeCall(
        function_name=unquote(name),
        qualifier=dict(request.query).get("Qualifier"),
        invocation_type=kind,
        payload=_payload(request, kind),
        wants_log=request.headers.get("X-Amz-Log-Type") == "Tail",
    )


def _invocation_type(request: Request, operation: str) -> InvocationType:
    if operation == "invoke-async":
        return InvocationType.EVENT
    if operation != "invocations":
        raise LambdaApiError(404, "UnknownOperationException", "no such operation")
    text = request.headers.get("X-Amz-Invocation-Type") or InvocationType.REQUEST_RESPONSE
    try:
        return InvocationType(text)
    except ValueError:
        allowed = ", ".join(InvocationType)
        raise invalid_parameter(
            f"Value '{text}' at 'invocationType' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{allowed}]"
        ) from None


def _check_media_type(request: Request) -> None:
    media_type = (request.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if media_type and media_type not in _MEDIA_TYPES:
        raise LambdaApiError(
            415,
            "UnsupportedMediaTypeException",
            f"The content type of the Invoke request body is not JSON: {media_type}",
        )


def _payload(request: Request, kind: InvocationType) -> bytes:
    size = len(request.body)
    if request.is_too_large or size > MAX_BYTES:
        raise LambdaApiError(
            413,
            "RequestTooLargeException",
            f"Request must be smaller than {MAX_BYTES} bytes for the InvokeFunction operation",
        )
    if kind is InvocationType.EVENT and size > MAX_ASYNCHRONOUS_BYTES:
        raise LambdaApiError(
            413,
            "RequestTooLargeException",
            f"{size} byte payload is too large for the Event invocation type "
            f"(limit {MAX_ASYNCHRONOUS_BYTES} bytes)",
        )
    if not request.body:
        return b"{}"
    try:
        # JSON has no NaN, and other encodings than UTF-8 are not taken.
        json.loads(request.body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise LambdaApiError(
            400,
            "InvalidRequestContentException",
            f"Could not parse request body into json: {error}",
        ) from None
    return request.body


def _refuse_constant(text: str) -> None:
    raise ValueError(f"Unexpected token {text}")


def function_error(invocation: Invocation) -> bytes | None:
    """The error object of an invocation that failed; None if it did not."""
    error: dict[str, str]
    match invocation.result:
        case Failed(report=report) if report:
            return report
        case Failed(error_type, message):
            error = {"errorType": error_type, "errorMessage": message}
        case TimedOut(seconds):
            text = f"Task timed out after {seconds:.2f} seconds"
            message = f"RequestId: {invocation.request_id} Error: {text}"
            error = {"errorType": "Sandbox.Timedout", "errorMessage": message}
        case _:
            return None
    return json.dumps(error).encode()


def answer_to(invocation: Invocation, version: str, log_tail: str | None = None) -> Response:
    """The answer of a synchronous call; raises `LambdaApiError` if nothing ran."""
    result = invocation.result
    refuse_if_not_run(result)
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", invocation.request_id),
        ("X-Amz-Executed-Version", version),
    ]
    if log_tail is not None:
        headers.append(("X-Amz-Log-Result", log_tail))
    if isinstance(result, Succeeded):
        return Response(200, Headers(headers), result.payload)
    headers.append(("X-Amz-Function-Error", "Unhandled"))
    return Response(200, Headers(headers), function_error(invocation) or b"{}")


def refuse_if_not_run(result: InvocationResult) -> None:
    """Raise `LambdaApiError` for an invocation that no function has seen."""
    if isinstance(result, Throttled):
        raise ThrottledError
    if isinstance(result, Failed) and result.error_type.startswith("LambdaEndpoint."):
        raise LambdaApiError(502, "ServiceException", result.message)


def accepted(request_id: str) -> Response:
    """The answer to an asynchronous call."""
    return Response(202, Headers((("x-amzn-RequestId", request_id),)))


def permitted(request_id: str) -> Response:
    """The answer to a dry run."""
    return Response(204, Headers((("x-amzn-RequestId", request_id),)))
