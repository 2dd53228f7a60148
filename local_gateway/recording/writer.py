"""The file that a recording is written to, one JSON object per line."""

import contextlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from local_gateway.errors import GatewayError
from local_gateway.recording.format import header
from local_gateway.recording.redaction import MARKER, redact

OWNER_ONLY = 0o600
TRUNCATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC

type Warn = Callable[[str], None]


class RecordFile:
    """Writes each line at once, so that a killed gateway leaves all lines before its end.

    Replaces the file; only its owner can read it. With `redacted`, secrets are removed first. If a
    later write fails, for example because the disk is full, only the recording ends, and `warn` is
    called once. Raises `GatewayError` when the file cannot be written.
    """

    def __init__(self, path: Path, *, redacted: bool, warn: Warn) -> None:
        self._path = path
        self._redacted = redacted
        self._warn = warn
        try:
            self._descriptor = os.open(path, TRUNCATE, OWNER_ONLY)
            _keep_private(self._descriptor)
        except (OSError, ValueError) as error:
            raise _unwritable(path, error) from error
        self._is_open = True
        try:
            self._put(header(redacted=redacted))
        except OSError as error:
            self.close()
            raise _unwritable(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def write(self, line: Mapping[str, Any]) -> None:
        """Write a line; never raises."""
        if not self._is_open:
            return
        try:
            self._put(self._redact(line) if self._redacted else line)
        except (OSError, ValueError, RecursionError) as error:
            self.close()
            self._warn(f"the recording {self._path} ends here: {_reason(error)}")

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._is_open:
            self._is_open = False
            os.close(self._descriptor)

    def _redact(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """The names of the recording's own members are not secrets; their values may be."""
        return {name: _redacted(value) for name, value in line.items()}

    def _put(self, line: Mapping[str, Any]) -> None:
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        # Half of a surrogate pair can be in JSON but not in UTF-8.
        data = text.encode(errors="backslashreplace") + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]


def _keep_private(descriptor: int) -> None:
    """Others may be able to read a file that exists; pipes and terminals stay as they are."""
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        with contextlib.suppress(PermissionError):  # another user's file, which we may write to
            os.fchmod(descriptor, OWNER_ONLY)


def _redacted(value: Any) -> Any:
    try:
        return redact(value)
    except RecursionError:
        return MARKER


def _unwritable(path: Path, error: Exception) -> GatewayError:
    return GatewayError(
        f"cannot write the recording {path}: {_reason(error)}; choose a file in a directory "
        "that exists and that you may write to"
    )


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
