"""A Lambda runtime client of the standard library, for systems without wheels of awslambdaric.

Behaves as awslambdaric does towards handlers and towards the Runtime API (Lambda developer guide,
runtimes-api and python-context). Imports little: every import delays every cold start.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes longer than everything else in this file
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Any

    from local_gateway.runtime.child.python.lambda_context import LambdaContext
    from local_gateway.runtime.child.python.runtime_api_client import RuntimeApiClient

type Handler = Callable[[Any, LambdaContext], Any]
type ContextFactory = Callable[[dict[str, str]], LambdaContext]


class RuntimeClientError(Exception):
    """A failure of the runtime itself, with Lambda's error type."""

    def __init__(self, error_type: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.trace = trace or []


class FlushingStream:
    """A text stream without a buffer, whose text would be lost if the handler is killed."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write and flush."""
        written: int = self._stream.write(text)
        self._stream.flush()
        return written

    def writelines(self, texts: Iterable[str]) -> None:
        """Write and flush."""
        self._stream.writelines(texts)
        self._stream.flush()


class _RequestIdFilter(logging.Filter):
    """Adds the attribute to log records that Lambda's format and users' own formats use."""

    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.request_id
        return True


def find_handler(name: str) -> Handler:
    """Import `package/module.function`; raises `RuntimeClientError`, or what the module raised."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise RuntimeClientError("Runtime.MalformedHandlerName", f"Bad handler '{name}': no module")
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {module_name} as a handler module"
        raise RuntimeClientError("Runtime.BuiltInModuleConflict", message)
    try:
        module = import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise RuntimeClientError("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        message = f"Syntax error in module '{module_name}': {error}"
        raise RuntimeClientError("Runtime.UserCodeSyntaxError", message, trace) from error
    try:
        handler: Handler = getattr(module, function_name)
    except AttributeError:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise RuntimeClientError("Runtime.HandlerNotFound", message) from None
    return handler


def run(client: RuntimeApiClient, handler_name: str, make_context: ContextFactory) -> None:
    """Load the handler and serve invocations for ever.

    `make_context` makes a handler's second argument from an invocation's headers.
    """
    sys.stdout = FlushingStream(sys.stdout)
    sys.stderr = FlushingStream(sys.stderr)
    request_ids = _set_up_logging()
    try:
        handler = find_handler(handler_name)
    except Exception as error:
        report = _describe(error, "")
        _log_error(report)
        client.post_error("/init/error", report)
        sys.exit(1)
    while True:
        headers, payload = client.next_invocation()
        request_ids.request_id = headers["lambda-runtime-aws-request-id"]
        _set_trace_id(headers.get("lambda-runtime-trace-id"))
        _serve(client, handler, payload, make_context(headers))


def _serve(
    client: RuntimeApiClient, handler: Handler, payload: bytes, context: LambdaContext
) -> None:
    request_id = context.aws_request_id
    try:
        answer, content_type = _marshal(handler(_unmarshal(payload), context))
    except Exception as error:
        report = _describe(error, request_id)
        _log_error(report)
        client.post_error(f"/invocation/{request_id}/error", report)
    else:
        client.post_response(request_id, answer, content_type)


def _unmarshal(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError as error:
        message = f"Unable to unmarshal input: {error}"
        raise RuntimeClientError("Runtime.UnmarshalError", message) from error


def _marshal(answer: Any) -> tuple[bytes, str]:
    if isinstance(answer, bytes):
        return answer, "application/unknown"
    try:
        text = json.dumps(answer, ensure_ascii=False, default=_encode_decimal)
        return text.encode(), "application/json"
    except Exception as error:
        message = f"Unable to marshal response: {error}"
        raise RuntimeClientError("Runtime.MarshalError", message) from error


def _encode_decimal(value: object) -> float | int:
    """DynamoDB's numbers as JSON numbers; other types have no JSON form."""
    decimal = sys.modules.get("decimal")
    if decimal is None or not isinstance(value, decimal.Decimal):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    if value.is_finite() and value == value.to_integral_value():
        return int(value)
    return float(value)


def _describe(error: Exception, request_id: str) -> dict[str, Any]:
    if isinstance(error, RuntimeClientError):
        error_type, trace = error.error_type, error.trace
    else:
        error_type, trace = type(error).__name__, _stack(error.__traceback__)
    return {
        "errorMessage": str(error),
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": trace,
    }


def _stack(trace: TracebackType | None) -> list[str]:
    """The stack from the handler's first frame on."""
    frames = traceback.extract_tb(trace)
    ours = (__file__, import_module.__code__.co_filename)
    while frames and (frames[0].filename in ours or "<frozen importlib" in frames[0].filename):
        del frames[0]
    return traceback.format_list(frames)


def _log_error(report: dict[str, Any]) -> None:
    """One log event: its lines are joined by a carriage return, as in Lambda."""
    lines = [f"[ERROR] {report['errorType']}: {report['errorMessage']}"]
    if report["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        lines += [line for frame in report["stackTrace"] for line in frame.splitlines()]
    sys.stdout.write("\r".join(lines) + "\n")


def _set_up_logging() -> _RequestIdFilter:
    request_ids = _RequestIdFilter()
    handler = logging.StreamHandler(sys.stdout)
    logging.Formatter.converter = time.gmtime
    form = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    handler.setFormatter(logging.Formatter(form, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(request_ids)
    logging.getLogger().addHandler(handler)
    return request_ids


def _set_trace_id(trace_id: str | None) -> None:
    if trace_id is None:
        os.environ.pop("_X_AMZN_TRACE_ID", None)  # noqa: TID251
    else:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id  # noqa: TID251
