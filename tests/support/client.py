"""Clients of the bot: HTTP, a plain WebSocket, and one that follows channels as `sapa.js` does.

What they send and receive must not be in the logs: it all goes into `SECRETS`.
"""

import itertools
import json
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.cookies import SimpleCookie
from typing import Any

import urllib3
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import DataLike

from tests.support.secrecy import SECRETS

COOKIE = "gen_app_auth_token"
TIMEOUT_SECONDS = 30.0

type Frame = dict[str, Any]


class HttpClient(urllib3.PoolManager):
    """HTTP as it is; bodies, cookies sent and cookies set are secrets."""

    def urlopen(  # type: ignore[override]
        self, method: str, url: str, redirect: bool = True, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        body = options.get("body") or b""
        SECRETS.body(body if isinstance(body, str) else body.decode(errors="replace"))
        SECRETS.cookies((options.get("headers") or {}).get("Cookie", ""))
        answer = super().urlopen(method, url, redirect, **options)
        SECRETS.cookies(answer.headers.get("Set-Cookie", ""))
        return answer


class SecretConnection(ClientConnection):
    """A WebSocket as it is; what is sent is a secret."""

    def send(self, message: DataLike | Iterable[DataLike], *, text: bool | None = None) -> None:
        if isinstance(message, str):
            SECRETS.body(message)
        super().send(message, text=text)


HTTP = HttpClient(timeout=TIMEOUT_SECONDS)


def post_json(url: str, body: object, **headers: str) -> urllib3.BaseHTTPResponse:
    """POST a JSON document."""
    return HTTP.request("POST", url, json=body, headers=headers)


def log_in(base_url: str, username: str, password: str) -> str:
    """The cookie's value after a successful login."""
    answer = post_json(f"{base_url}/auth/login", {"username": username, "password": password})
    assert answer.status == 200, answer.data
    return SimpleCookie(answer.headers["Set-Cookie"])[COOKIE].value


def session_status(base_url: str, token: str) -> int:
    """What `GET /auth/session` answers: 200 for a valid session."""
    headers = {"Cookie": f"{COOKIE}={token}"}
    return HTTP.request("GET", f"{base_url}/auth/session", headers=headers).status


def open_socket(url: str, token: str) -> ClientConnection:
    """An open socket with the session's cookie."""
    return connect(
        url,
        additional_headers={"Cookie": f"{COOKIE}={token}"},
        compression=None,
        max_queue=None,
        open_timeout=TIMEOUT_SECONDS,
        close_timeout=5,
        create_connection=SecretConnection,
    )


def handshake_status(url: str, headers: Mapping[str, str]) -> int:
    """The HTTP status that answers a handshake."""
    SECRETS.cookies(headers.get("Cookie", ""))
    try:
        with connect(url, additional_headers=dict(headers), compression=None):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def ask(socket: ClientConnection, message: object) -> Frame:
    """Send a message, text as it is and anything else as JSON; the reply, without `$joined`."""
    socket.send(message if isinstance(message, str) else json.dumps(message))
    answer = json.loads(socket.recv(timeout=TIMEOUT_SECONDS))
    while "$joined" in answer:
        answer = json.loads(socket.recv(timeout=TIMEOUT_SECONDS))
    assert isinstance(answer, dict)
    return answer


def close_code(socket: ClientConnection) -> int:
    """The code with which the server closes the socket, whose other frames are skipped."""
    try:
        while True:
            socket.recv(timeout=TIMEOUT_SECONDS)
    except ConnectionClosed as closed:
        return 1006 if closed.rcvd is None else closed.rcvd.code


class NoReplyError(Exception):
    """A message got no reply in time, or only word that it failed."""


class ChannelClient:
    """A connection of a user that can be cut and resumed, and the events of all its sockets.

    `events` has each event once, by channel, in the order of arrival; `repeated` those that came
    again; `presence` channel, `joined` or `left`, and user name; `gaps` the frames about gaps.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self.events: dict[str, list[Frame]] = defaultdict(list)
        self.repeated: list[Frame] = []
        self.presence: list[tuple[str, str, str]] = []
        self.gaps: list[Frame] = []
        self._sequences: dict[str, set[int]] = {}
        self._replies: list[Frame] = []
        self._ids = itertools.count(1)
        self._open_socket = ExitStack()
        self._open()

    def close(self) -> None:
        """Close the socket as a browser does."""
        self._open_socket.close()

    def cut(self) -> None:
        """End the TCP connection without a close frame; frames under way are lost."""
        self._socket.socket.shutdown(socket.SHUT_RDWR)
        self.close()

    def resume(self) -> Frame:
        """Open another socket and ask for missed events; the frame with `$resumed`."""
        self._open()
        self._replies.clear()
        positions = {channel: self._position(channel) for channel in self._sequences}
        answer = self.exchange({"$resume": positions})
        while "$resumed" not in answer:
            self._read_until(lambda: bool(self._replies))
            answer = self._replies.pop(0)
        return answer

    def ask(self, **inputs: object) -> Frame:
        """Send a message and wait for its reply, as slowly as the server wants it."""
        while True:
            reply = self.exchange(inputs)
            error = reply.get("error")
            if error is None or error["code"] != "rate_limited":
                return reply
            self.read_for(error["retry_after_ms"] / 1000)

    def exchange(self, message: Mapping[str, object], seconds: float = TIMEOUT_SECONDS) -> Frame:
        """Send a message; its reply without the `$id`.

        Raises `NoReplyError` for none in time, and for API Gateway's word that it failed.
        """
        message_id = next(self._ids)
        self._socket.send(json.dumps({**message, "$id": message_id}))

        def replies() -> list[Frame]:
            return [reply for reply in self._replies if reply.get("$id", message_id) == message_id]

        self._read_until(lambda: bool(replies()), seconds)
        reply = replies()[0]
        self._replies.remove(reply)
        if "$id" not in reply:
            raise NoReplyError(reply)
        return {key: value for key, value in reply.items() if key != "$id"}

    def follow(self, channel: str) -> None:
        """Want every event of a channel, from its first one on."""
        self._sequences[channel] = {0}

    def wait_for(self, holds: Callable[[], bool], seconds: float = TIMEOUT_SECONDS) -> None:
        """Read until something holds; fails with the events that came if it does not in time."""
        try:
            self._read_until(holds, seconds)
        except NoReplyError as late:
            raise AssertionError(f"{dict(self.events)}, presence {self.presence}") from late

    def wait_for_events(self, channel: str, count: int) -> list[int]:
        """Read until there are so many events of a channel; their sequence numbers, sorted."""
        self.wait_for(lambda: len(self.events[channel]) >= count)
        return sorted(event["$sequence"] for event in self.events[channel])

    def presence_of(self, channel: str) -> list[tuple[str, str]]:
        """Who joined and left a channel, in the order of the frames."""
        return [(what, name) for where, what, name in self.presence if where == channel]

    def read_for(self, seconds: float) -> None:
        """Read all that comes in this time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.read(left)

    def read(self, seconds: float) -> None:
        """Take one frame, if there is one in time."""
        try:
            self._receive(json.loads(self._socket.recv(timeout=seconds)))
        except TimeoutError:
            return

    def _read_until(self, holds: Callable[[], bool], seconds: float = TIMEOUT_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0:
                raise NoReplyError(f"nothing in {seconds} s")
            self.read(left)

    def _open(self) -> None:
        self._socket = self._open_socket.enter_context(open_socket(self._url, self._token))

    def _position(self, channel: str) -> int:
        """The sequence number up to which no event is missing."""
        sequences = self._sequences[channel]
        return next(n for n in itertools.count(min(sequences)) if n + 1 not in sequences)

    def _receive(self, frame: Frame) -> None:
        if "$presence" in frame:
            for what, username in frame["$presence"].items():
                self.presence.append((frame["$channel"], what, username))
        elif "$channel" in frame:
            channel, sequence = frame["$channel"], frame["$sequence"]
            received = self._sequences.setdefault(channel, {sequence - 1})
            (self.repeated if sequence in received else self.events[channel]).append(frame)
            received.add(sequence)
        elif "$joined" in frame:
            for channel, sequence in frame["$joined"].items():
                self._sequences.setdefault(channel, {sequence})
        elif "$gap" in frame:
            self.gaps.append(frame)
        else:
            self._replies.append(frame)


@contextmanager
def channel_client(url: str, token: str) -> Iterator[ChannelClient]:
    """A client that is closed in the end."""
    client = ChannelClient(url, token)
    try:
        yield client
    finally:
        client.close()
