"""Posts to many connections at once, at a fraction of what boto3 needs for each.

Kept-alive sockets, a signer that remembers what does not change, and threads that take the next
connection id as soon as they are free: a client that is slow keeps one of them for a moment and
nobody waits for it.
"""

import ssl
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from sapa.adapters.http_connection import Address, BrokenConnectionError, HttpConnection
from sapa.adapters.signing import Credentials, Signer
from sapa.delivery import Outcome

THREADS = 64
# API Gateway answers within milliseconds; what takes so long is retried later.
POST_TIMEOUT = 2.0
# An empty thread costs more than a few posts.
_POSTS_PER_THREAD = 4


type Answer = int | str
"""The status of a post, or the name of the error instead of one."""


class FastSender:
    """A `BulkSender` for the management API at `endpoint` (http or https, with the stage).

    `report` is told how many posts failed and why, by status or error, once for each frame.
    """

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        *,
        region: str,
        threads: int = THREADS,
        timeout: float = POST_TIMEOUT,
        report: Callable[[Mapping[str, int]], None] = lambda reasons: None,
    ) -> None:
        url = urlsplit(endpoint)
        is_tls = url.scheme == "https"
        host = url.hostname or ""
        port = url.port or (443 if is_tls else 80)
        tls = ssl.create_default_context() if is_tls else None
        self._address = Address(host=host, port=port, tls=tls)
        self._host = host if port == (443 if is_tls else 80) else f"{host}:{port}"
        self._path = f"{url.path.rstrip('/')}/@connections/"
        self._signer = Signer(credentials, host=self._host, region=region)
        self._timeout = timeout
        self._report = report
        self._threads = threads
        self._idle: deque[HttpConnection] = deque()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="post")

    def post_all(
        self, frame: str, connection_ids: Sequence[str], seconds: float
    ) -> Mapping[str, Outcome]:
        """Send a frame to all; what there is no time for has failed."""
        answers: dict[str, Answer] = {}
        waiting = deque(dict.fromkeys(connection_ids))
        body = frame.encode()
        post = _Post(
            body=body,
            body_hash=sha256(body).hexdigest(),
            host=self._host,
            signer=self._signer,
        )
        end = time.monotonic() + seconds
        workers = min(self._threads, -(-len(waiting) // _POSTS_PER_THREAD))
        running: list[Future[None]] = [
            self._pool.submit(self._work, post, waiting, answers, end) for _ in range(workers)
        ]
        for future in running:
            future.result()
        if reasons := _reasons(answers):
            self._report(reasons)
        return {
            connection_id: _outcome(answers[connection_id])
            if connection_id in answers
            else Outcome.FAILED
            for connection_id in connection_ids
        }

    def close(self) -> None:
        """End the threads and close the connections."""
        self._pool.shutdown()
        while self._idle:
            self._idle.pop().close()

    def _work(
        self, post: "_Post", waiting: deque[str], answers: dict[str, Answer], end: float
    ) -> None:
        connection: HttpConnection | None = None
        while waiting and time.monotonic() < end:
            try:
                connection_id = waiting.popleft()
            except IndexError:
                break
            request = post.request(self._path + quote(connection_id, safe=""))
            answers[connection_id], connection = self._exchange(request, connection)
        if connection is not None:
            self._idle.append(connection)

    def _exchange(
        self, request: bytes, connection: HttpConnection | None
    ) -> tuple[Answer, HttpConnection | None]:
        """One post, on the connection at hand, an idle one or a new one."""
        try:
            while connection is not None or self._idle:
                connection = connection or self._take_idle()
                if connection is None:
                    break
                try:
                    return connection.exchange(request), _reusable(connection)
                except BrokenConnectionError as broken:
                    if not broken.unanswered:
                        return type(broken).__name__, None
                    # Closed while it was idle: try the next one, in the end a fresh one.
                    connection = None
            connection = HttpConnection(self._address, self._timeout)
            return connection.exchange(request), _reusable(connection)
        except TimeoutError:
            return "TimeoutError", None
        except (BrokenConnectionError, OSError) as error:
            return type(error).__name__, None

    def _take_idle(self) -> HttpConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None


class _Post:
    """What all requests for one frame share."""

    def __init__(self, *, body: bytes, body_hash: str, host: str, signer: Signer) -> None:
        self._start = f" HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        self._body = body
        self._body_hash = body_hash
        self._signer = signer

    def request(self, path: str) -> bytes:
        """The bytes of the request to one connection."""
        signature = self._signer.headers(path, self._body_hash, time.time())
        return f"POST {path}{self._start}{signature}\r\n".encode() + self._body


def _reusable(connection: HttpConnection) -> HttpConnection | None:
    return connection if connection.is_open else None


def _outcome(answer: Answer) -> Outcome:
    match answer:
        case HTTPStatus.OK:
            return Outcome.DELIVERED
        case HTTPStatus.GONE:
            return Outcome.GONE
        case "TimeoutError":
            return Outcome.SLOW
        case _:
            return Outcome.FAILED


def _reasons(answers: Mapping[str, Answer]) -> Mapping[str, int]:
    """How often each answer came that neither delivered nor found nobody."""
    counted = Counter(answers.values())
    return {
        str(answer): number
        for answer, number in counted.items()
        if answer not in {HTTPStatus.OK, HTTPStatus.GONE}
    }
