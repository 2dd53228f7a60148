"""Whoever watches a running gateway: the terminal, the inspector, a file."""

from collections.abc import Sequence
from typing import Protocol

from local_gateway.runtime.settings import Invocation, LogStream, RuntimeObserver
from local_gateway.server.interfaces import Direction, Entry, Journal


class Observer(Journal, RuntimeObserver, Protocol):
    """Told of everything that the APIs and the execution environments do."""


class Observers:
    """Passes everything on to several observers, in order."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = observers

    def record(self, entry: Entry, /) -> None:
        """Something happened."""
        for observer in self._observers:
            observer.record(entry)

    def frame(self, connection_id: str, direction: Direction, text: str, at: int, /) -> None:
        """A text message came in or went out."""
        for observer in self._observers:
            observer.frame(connection_id, direction, text, at)

    def log_line(self, function: str, stream: LogStream, line: str, request_id: str | None) -> None:
        """A function's environment printed a line."""
        for observer in self._observers:
            observer.log_line(function, stream, line, request_id)

    def invocation_started(self, function: str, request_id: str, *, cold: bool) -> None:
        """An event was delivered to an environment."""
        for observer in self._observers:
            observer.invocation_started(function, request_id, cold=cold)

    def invocation_finished(self, function: str, invocation: Invocation) -> None:
        """An invocation came to its end."""
        for observer in self._observers:
            observer.invocation_finished(function, invocation)
