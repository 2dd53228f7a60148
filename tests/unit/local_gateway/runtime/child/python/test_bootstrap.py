"""Our own runtime client in this process, against a Runtime API that is a list of events."""

import contextlib
import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_gateway.runtime.child.python import bootstrap
from local_gateway.runtime.child.python.lambda_context import LambdaContext

APP = """
import logging
from decimal import Decimal

def lambda_handler(event, context):
    logging.getLogger().warning("seen")
    if event == "raise":
        raise LookupError("lost")
    if event == "object":
        return object()
    if event == "bytes":
        return b"raw"
    if event == "numbers":
        return [Decimal("3"), Decimal("0.5"), Decimal("NaN")]
    return event
"""


class NoMoreEventsError(Exception):
    """Ends the loop that has no end."""


class Api:
    """The client's side of a Runtime API with some events in it."""

    def __init__(self, *payloads: bytes) -> None:
        self._payloads = list(payloads)
        self.answers: list[tuple[str, object]] = []

    def next_invocation(self) -> tuple[dict[str, str], bytes]:
        if not self._payloads:
            raise NoMoreEventsError
        headers = {"lambda-runtime-aws-request-id": "id", "lambda-runtime-deadline-ms": "1"}
        return headers, self._payloads.pop(0)

    def post_response(self, request_id: str, payload: bytes, content_type: str) -> None:
        self.answers.append((content_type, payload))

    def post_error(self, path: str, error: dict[str, Any]) -> None:
        self.answers.append((path, error))


@pytest.fixture(autouse=True)
def interpreter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Modules to load, and the interpreter's state put back afterwards."""
    monkeypatch.setattr(logging.Formatter, "converter", logging.Formatter.converter)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "before")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "bootstrap_app.py").write_text(APP, encoding="utf-8")
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield
    root.handlers[:] = handlers
    sys.modules.pop("bootstrap_app", None)


def run(*payloads: bytes, handler: str = "bootstrap_app.lambda_handler") -> tuple[Api, str]:
    """The API after the last event, and what was printed."""
    api, printed = Api(*payloads), io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        pytest.raises((NoMoreEventsError, SystemExit)),
    ):
        bootstrap.run(api, handler, LambdaContext)  # type: ignore[arg-type]
    return api, printed.getvalue()


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        (b"null", ("application/json", b"null")),
        ('"ä"'.encode(), ("application/json", '"ä"'.encode())),
        (b'"bytes"', ("application/unknown", b"raw")),
        (b'"numbers"', ("application/json", b"[3, 0.5, NaN]")),
    ],
)
def test_answers(event: bytes, answer: tuple[str, bytes]) -> None:
    api, printed = run(event)
    assert api.answers == [answer]
    assert printed.endswith("\tid\tseen\n")


@pytest.mark.parametrize(
    ("event", "error_type"),
    [
        (b'"raise"', "LookupError"),
        (b'"object"', "Runtime.MarshalError"),
        (b"{", "Runtime.UnmarshalError"),
    ],
)
def test_errors_are_reported_and_the_next_event_is_served(event: bytes, error_type: str) -> None:
    api, printed = run(event, b"1")
    (path, error), following = api.answers
    assert isinstance(error, dict)
    assert (path, error["errorType"]) == ("/invocation/id/error", error_type)
    assert error["requestId"] == "id"
    assert f"[ERROR] {error_type}: {error['errorMessage']}" in printed
    assert following == ("application/json", b"1")
    json.dumps(error)


def test_the_stack_begins_with_the_handler() -> None:
    api, printed = run(b'"raise"')
    [(_, error)] = api.answers
    assert isinstance(error, dict)
    assert "bootstrap_app.py" in error["stackTrace"][0]
    assert "\rTraceback (most recent call last):\r" in printed


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("nowhere_to_be_found.f", "Runtime.ImportModuleError"),
        ("bootstrap_app.other", "Runtime.HandlerNotFound"),
        ("bootstrap_app", "Runtime.MalformedHandlerName"),
        ("sys.exit", "Runtime.BuiltInModuleConflict"),
        ("bootstrap_broken.f", "Runtime.UserCodeSyntaxError"),
        ("bootstrap_raising.f", "ZeroDivisionError"),
    ],
)
def test_init_errors(tmp_path: Path, handler: str, error_type: str) -> None:
    (tmp_path / "bootstrap_broken.py").write_text("def f(:", encoding="utf-8")
    (tmp_path / "bootstrap_raising.py").write_text("1 / 0", encoding="utf-8")
    api, printed = run(b"1", handler=handler)
    [(path, error)] = api.answers
    assert isinstance(error, dict)
    assert (path, error["errorType"]) == ("/init/error", error_type)
    assert printed.startswith(f"[ERROR] {error_type}: ")
