"""Posts to many connections at once.

Threads take the next connection id as soon as they are free: a client that is slow keeps one of
them for a moment and nobody waits for it.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus

from sapa.aws.endpoint import Body, SignedEndpoint
from sapa.aws.http_connection import BrokenConnectionError
from sapa.connections.sender import Outcome
from sapa.stores.management_api import connection_path

THREADS = 64
# API Gateway answers within milliseconds; what takes so long is retried later.
POST_SECONDS = 2.0
# An empty thread costs more than a few posts.
_POSTS_PER_THREAD = 4


type Result = int | str
"""The status of a post, or the name of the error instead of one."""


class ThreadedBulkSender:
    """A `BulkSender` on the management API; each post is tried once.

    `report` is told how many posts failed and why, by status or error, once for each frame.
    """

    def __init__(
        self,
        endpoint: SignedEndpoint,
        *,
        threads: int = THREADS,
        report: Callable[[Mapping[str, int]], None] = lambda reasons: None,
    ) -> None:
        self._endpoint = endpoint
        self._threads = threads
        self._report = report
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="post")

    def post_all(
        self, frame: str, connection_ids: Sequence[str], seconds: float
    ) -> Mapping[str, Outcome]:
        """Send a frame to all; what there is no time for has failed."""
        results: dict[str, Result] = {}
        waiting = deque(dict.fromkeys(connection_ids))
        body = Body.of(frame.encode())
        end = time.monotonic() + seconds
        workers = min(self._threads, -(-len(waiting) // _POSTS_PER_THREAD))
        running: list[Future[None]] = [
            self._pool.submit(self._work, body, waiting, results, end) for _ in range(workers)
        ]
        for future in running:
            future.result()
        if reasons := _reasons(results):
            self._report(reasons)
        return {
            connection_id: _outcome(results[connection_id])
            if connection_id in results
            else Outcome.FAILED
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
            path = connection_path(self._endpoint, connection_id)
            return self._endpoint.send("POST", path, body).status
        except TimeoutError:
            return "TimeoutError"
        except (BrokenConnectionError, OSError) as error:
            return type(error).__name__


def _outcome(result: Result) -> Outcome:
    match result:
        case HTTPStatus.OK:
            return Outcome.DELIVERED
        case HTTPStatus.GONE:
            return Outcome.GONE
        case "TimeoutError":
            return Outcome.SLOW
        case _:
            return Outcome.FAILED


def _reasons(results: Mapping[str, Result]) -> Mapping[str, int]:
    """How often each result came that neither delivered nor found nobody."""
    counted = Counter(results.values())
    return {
        str(result): number
        for result, number in counted.items()
        if result not in {HTTPStatus.OK, HTTPStatus.GONE}
    }
