"""A gate at which handlers wait until the test lets them go: order without sleeping."""

import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Held:
    """A handler that waits."""

    label: str
    connection: socket.socket

    def release(self) -> None:
        """Let the handler go on."""
        self.connection.close()


class Gate:
    """Listens on `port`; handlers connect, say their label and wait."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=200)
        self._server.settimeout(SECONDS)
        self._held: list[Held] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for held in self._held:
            held.release()
        self._server.close()

    @property
    def port(self) -> int:
        """Where handlers wait."""
        return int(self._server.getsockname()[1])

    def arrive(self) -> Held:
        """Wait for the next handler."""
        connection, _ = self._server.accept()
        connection.settimeout(SECONDS)
        with connection.makefile("r") as lines:
            held = Held(lines.readline().rstrip("\n"), connection)
        self._held.append(held)
        return held
