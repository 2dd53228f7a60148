"""The management API (`@connections`): the only way to a client's socket.

Source: developer guide, "Use @connections commands in your backend service".
"""

import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

from sapa.aws.endpoint import Body, Retries, SignedEndpoint, UnreachableError
from sapa.aws.http_connection import BrokenConnectionError, ServiceResponse
from sapa.connections.sender import PostOutcome
from sapa.errors import ConnectionGoneError, DeliveryError
from sapa.observability import logger

THREADS = 64
# API Gateway answers within milliseconds; a post of many that takes so long is retried later.
POST_SECONDS = 2.0
# An empty thread costs more than a few posts.
_POSTS_PER_THREAD = 4
_EMPTY = Body.from_bytes(b"")

type Result = int | str
"""The status of a post, or the name of the error instead of one."""


class ManagementApiSender:
    """A `MessageSender` with retries."""

    def __init__(self, endpoint: SignedEndpoint, retries: Retries) -> None:
        self._endpoint = endpoint
        self._retries = retries

    def post(self, connection_id: str, frame: str) -> None:
        """Send a text frame. Raises `ConnectionGoneError`, `DeliveryError`."""
        self._call("POST", connection_id, Body.from_bytes(frame.encode()))

    def close(self, connection_id: str) -> None:
        """Close a socket; the client sees code 1000. Raises the same errors."""
        self._call("DELETE", connection_id, _EMPTY)

    def _call(self, method: str, connection_id: str, body: Body) -> None:
        path = _path(self._endpoint, connection_id)
        try:
            response = self._endpoint.send_with_retries(method, path, body, self._retries)
        except UnreachableError as error:
            raise DeliveryError(connection_id, error.reason) from error
        # Some proxies keep only the status of the error.
        if response.status == HTTPStatus.GONE:
            raise ConnectionGoneError(connection_id)
        if response.status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT):
            raise DeliveryError(connection_id, _code(response))


class ThreadedBulkSender:
    """A `BulkSender`; each post is tried once.

    Threads take the next connection id as soon as they are free: a slow client keeps one of them
    for a moment, and no other client waits for it.
    """

    def __init__(self, endpoint: SignedEndpoint, *, threads: int = THREADS) -> None:
        # The functions that post single frames load no threads.
        from concurrent.futures import ThreadPoolExecutor

        self._endpoint = endpoint
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="post")

    def post_all(
        self, frame: str, connection_ids: Sequence[str], seconds: float
    ) -> Mapping[str, PostOutcome]:
        """Send a frame to all; posts for which there is no time have failed."""
        results: dict[str, Result] = {}
        waiting = deque(dict.fromkeys(connection_ids))
        body = Body.from_bytes(frame.encode())
        end = time.monotonic() + seconds
        workers = min(self._threads, -(-len(waiting) // _POSTS_PER_THREAD))
        running = [
            self._pool.submit(self._work, body, waiting, results, end) for _ in range(workers)
        ]
        for future in running:
            future.result()
        if reasons := _reasons(results):
            logger.warning("posts failed", reasons=reasons)
        return {
            connection_id: _outcome(results.get(connection_id, "not tried"))
            for connection_id in connection_ids
        }

    def close(self) -> None:
        """End the threads and close the connections."""
        self._pool.shutdown()
        self._endpoint.close()

    def _work(
        self, body: Body, waiting: deque[str], results: dict[str, Result], end: float
    ) -> None:
        while waiting and time.monotonic() < end:
            try:
                connection_id = waiting.popleft()
            except IndexError:
                break
            results[connection_id] = self._post(body, connection_id)

    def _post(self, body: Body, connection_id: str) -> Result:
        try:
            return self._endpoint.send("POST", _path(self._endpoint, connection_id), body).status
        except TimeoutError:
            return "TimeoutError"
        except (BrokenConnectionError, OSError) as error:
            return type(error).__name__


def _path(endpoint: SignedEndpoint, connection_id: str) -> str:
    return f"{endpoint.path}/@connections/{quote(connection_id, safe='')}"


def _outcome(result: Result) -> PostOutcome:
    match result:
        case HTTPStatus.OK:
            return PostOutcome.DELIVERED
        case HTTPStatus.GONE:
            return PostOutcome.GONE
        case HTTPStatus.TOO_MANY_REQUESTS:
            return PostOutcome.LIMITED
        case "TimeoutError":
            return PostOutcome.SLOW
        case _:
            return PostOutcome.FAILED


def _reasons(results: Mapping[str, Result]) -> Mapping[str, int]:
    """How many posts failed for each reason."""
    counted = Counter(results.values())
    return {
        str(result): number
        for result, number in counted.items()
        if result not in {HTTPStatus.OK, HTTPStatus.GONE}
    }


def _code(response: ServiceResponse) -> str:
    """The error's type is in a header, sometimes followed by an address."""
    kind = response.headers.get(b"x-amzn-errortype", b"").partition(b":")[0]
    return kind.decode("latin-1") or f"HTTP {response.status}"
