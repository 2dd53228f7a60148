"""Many open sockets in a process of their own, which only counts the frames that arrive."""

import multiprocessing
import selectors
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tools.benchmarks.client import HANDSHAKES, Client, connected, text_frame
from tools.benchmarks.processes import BenchmarkError

_TIMEOUT_SECONDS = 60.0
_OPENING_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Audience:
    """Open connections; `ids` are what the gateway calls them."""

    ids: Sequence[str]
    _pipe: Connection

    def expect(self, count: int, frame: str) -> None:
        """Get the first `count` connections ready for one frame each."""
        self._pipe.send((count, frame.encode()))
        _answer(self._pipe, _TIMEOUT_SECONDS)

    def last_delivery(self) -> float:
        """When the last of them had its frame, on the clock of `time.monotonic`.

        Raises `BenchmarkError` when one has another frame, or none for a minute.
        """
        moment = _answer(self._pipe, _TIMEOUT_SECONDS * 2)
        assert isinstance(moment, float)
        return moment


@contextmanager
def audience(url: str, count: int) -> Iterator[Audience]:
    """Open `count` connections to a server that answers a message with the connection id."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_attend, args=(url, count, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        ids = _answer(ours, _OPENING_SECONDS)
        assert isinstance(ids, list)
        yield Audience(ids, ours)
    finally:
        # The end of the pipe ends the process.
        ours.close()
        process.join(_TIMEOUT_SECONDS)


def _answer(pipe: Connection, seconds: float) -> object:
    try:
        if not pipe.poll(seconds):
            raise BenchmarkError(f"the clients say nothing for {seconds:.0f} s")
        answer = pipe.recv()
    except EOFError as error:
        raise BenchmarkError("the clients' process ended") from error
    if isinstance(answer, BenchmarkError):
        raise answer
    return answer


def _attend(url: str, count: int, pipe: Connection) -> None:
    try:
        with connected(url, count) as clients:
            pipe.send([_identity(client) for batch in _batches(clients) for client in batch])
            while True:
                expected, payload = pipe.recv()
                _count(clients[:expected], payload, pipe)
    except EOFError:
        return
    except (BenchmarkError, OSError) as error:
        pipe.send(BenchmarkError(f"the clients: {error}"))


def _batches(clients: Sequence[Client]) -> Iterator[Sequence[Client]]:
    """The clients in parts, each of which has asked who it is."""
    for start in range(0, len(clients), HANDSHAKES):
        batch = clients[start : start + HANDSHAKES]
        for client in batch:
            client.socket.sendall(text_frame("{}"))
        yield batch


def _identity(client: Client) -> str:
    return client.receive().decode()


def _count(clients: Sequence[Client], payload: bytes, pipe: Connection) -> None:
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
        pipe.send(None)
        missing = len(clients)
        while missing:
            ready = selector.select(_TIMEOUT_SECONDS)
            if not ready:
                raise BenchmarkError(f"{missing} of {len(clients)} frames are missing")
            for key, _ in ready:
                reader: Client = key.data
                reader.receive_ready()
                missing -= reader.answers(payload)
        pipe.send(time.monotonic())
