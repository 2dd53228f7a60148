"""Holds conversations with the bot on the local gateway, and measures what is billed."""

import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from queue import Queue
from statistics import median
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tools.cost.measurements import Invocation, Measurements

ROOT = Path(__file__).parents[2]
COOKIE = "gen_app_auth_token"
SECONDS = 60.0
CONVERSATIONS = 3
MESSAGES = 10
# CloudWatch counts 26 bytes more for each event.
EVENT_BYTES = 26
_REPORT = re.compile(
    r"REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms.*?Memory Size: (\d+) MB"
    r"(?:.*Init Duration: ([\d.]+))?"
)


class Gateway:
    """A local gateway that prints JSON; `take` waits for the next finished invocation."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "local_gateway", "--port", "0", "--json", "--verbose"]
        hook = f"{sys.executable} -m tools.scripts.welcome"
        self.process = subprocess.Popen(
            [*command, "--on-ready", hook],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: Queue[dict[str, Any]] = Queue()
        self._log: dict[tuple[str, str], int] = {}
        self.password: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()

    def ready(self) -> str:
        """The page's URL, once everything answers; the user is `demo`."""
        while True:
            line = self._next()
            if line["type"] == "ready":
                return str(next(url for url in line["urls"] if url.startswith("http"))).rstrip("/")

    def take(self, function: str) -> Invocation:
        """The next invocation of the function that ended; what others did is passed over."""
        while True:
            line = self._next()
            if line["type"] != "log":
                continue
            key = (line["function"], line["request_id"] or "")
            size = len(line["line"].encode()) + EVENT_BYTES
            self._log[key] = self._log.get(key, 0) + size
            report = _REPORT.match(line["line"])
            if report is None or line["function"] != function:
                continue
            return Invocation(
                duration_ms=float(report[2]),
                init_ms=float(report[4] or 0),
                log_bytes=self._log[(function, report[1])],
                memory_mb=int(report[3]),
            )

    def _next(self) -> dict[str, Any]:
        return self._lines.get(timeout=SECONDS)

    def _read(self) -> None:
        for text in self.process.stdout or ():
            self._lines.put(json.loads(text))

    def _read_errors(self) -> None:
        for text in self.process.stderr or ():
            if password := re.search(r"Password\s+(\S+)", text):
                self.password.put(password[1])


@contextmanager
def running() -> Iterator[Gateway]:
    """A gateway with the bot, and its end."""
    gateway = Gateway()
    try:
        yield gateway
    finally:
        gateway.process.terminate()
        gateway.process.wait(SECONDS)


class Conversations:
    """Measured conversations: `seen` has the invocations by action, in their order."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._url = gateway.ready()
        self._password = gateway.password.get(timeout=SECONDS)
        self.seen: dict[str, list[Invocation]] = {}
        self.page: list[int] = []
        self.sizes: dict[str, int] = {}

    def hold(self) -> None:
        """Open the page, log in, connect, talk, ping, leave."""
        self.page = [self._get(path, "page") for path in self._page_paths()]
        token = self._log_in()
        self.sizes["poll"] = self._get("/auth/session", "session", token)
        url = f"{self._url.replace('http', 'ws', 1)}/ws"
        headers = {"Cookie": f"{COOKIE}={token}"}
        with connect(url, additional_headers=headers, compression=None) as socket:
            self._took("authorizer", "AuthorizerFunction")
            self._took("connect", "ConnectFunction")
            for _ in range(MESSAGES):
                self.sizes["reply"] = self._say(socket, '{"message": "Hai!"}', "message")
            self._say(socket, '{"$ping": 1}', "ping")
        self._took("disconnect", "DisconnectFunction")

    def _say(self, socket: ClientConnection, text: str, action: str) -> int:
        socket.send(text)
        answer = str(socket.recv(timeout=SECONDS))
        self._took(action, "DefaultFunction")
        return len(answer.encode())

    def _page_paths(self) -> list[str]:
        html = self._ask("/")[0].decode()
        self._took("page", "ApiFunction")
        named = re.findall(r'(?:src|href)="(/?(?!http|#|data:)[^"#?]+\.(?:js|css|svg|png))"', html)
        return ["/", *(path if path.startswith("/") else f"/{path}" for path in named)]

    def _log_in(self) -> str:
        body = json.dumps({"username": "demo", "password": self._password}).encode()
        content, headers = self._ask("/auth/login", body, {"Content-Type": "application/json"})
        self.sizes["login"] = len(content) + len(str(headers))
        cookie = str(headers["Set-Cookie"])
        self._took("login", "ApiFunction")
        return cookie.partition("=")[2].partition(";")[0]

    def _get(self, path: str, action: str, token: str = "") -> int:
        content, headers = self._ask(path, headers={"Cookie": f"{COOKIE}={token}"} if token else {})
        self._took(action, "ApiFunction")
        return len(content) + len(str(headers))

    def _ask(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[bytes, Message]:
        # Its address is that of the gateway which this program has started.
        request = urllib.request.Request(f"{self._url}{path}", body, headers or {})  # noqa: S310
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.read(), answer.headers

    def _took(self, action: str, function: str) -> None:
        self.seen.setdefault(action, []).append(self._gateway.take(function))


def measure() -> Measurements:
    """Hold a few conversations; medians of what they took."""
    with running() as gateway:
        talks = Conversations(gateway)
        for _ in range(CONVERSATIONS):
            talks.hold()
    return Measurements(
        invocations={action: _typical(several) for action, several in talks.seen.items()},
        page_requests=len(talks.page),
        page_bytes=sum(talks.page),
        login_bytes=talks.sizes["login"],
        poll_bytes=talks.sizes["poll"],
        reply_bytes=talks.sizes["reply"],
    )


def _typical(several: list[Invocation]) -> Invocation:
    return Invocation(
        duration_ms=round(median(invocation.duration_ms for invocation in several), 2),
        init_ms=max(invocation.init_ms for invocation in several),
        log_bytes=round(median(invocation.log_bytes for invocation in several)),
        memory_mb=several[0].memory_mb,
    )
