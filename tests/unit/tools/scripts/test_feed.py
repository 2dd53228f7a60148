"""The feeder: its prices, its requests, and what it says when nobody takes them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice, pairwise
from typing import Any

import pytest

from tools.scripts.feed import FIRST_PRICE, Publisher, arguments, feed, walk


class Recorder(HTTPServer):
    """A server that answers `status` and writes down what it gets."""

    status = 202

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/publish"


class Handler(BaseHTTPRequestHandler):
    """One request to the recorder."""

    server: Recorder

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, self.headers["Authorization"], body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A running recorder."""
    with Recorder() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_walk_takes_small_steps_and_repeats_itself_with_a_seed() -> None:
    prices = list(islice(walk(["A", "B"], 7), 200))
    assert prices == list(islice(walk(["A", "B"], 7), 200))
    assert prices != list(islice(walk(["A", "B"], 8), 200))
    assert [symbol for symbol, _ in prices[:4]] == ["A", "B", "A", "B"]
    path = [FIRST_PRICE, *(price for symbol, price in prices if symbol == "A")]
    steps = [after / before for before, after in pairwise(path)]
    assert all(0.95 < step < 1.05 for step in steps)
    assert {step > 1 for step in steps} == {True, False}


def test_prices_are_published_in_order_and_signed(
    recorder: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    pauses: list[None] = []
    feed(
        iter([("SAPA", 100.5), ("HALO", 99.0)]),
        Publisher(recorder.url),
        lambda: pauses.append(None),
    )
    paths, signatures, bodies = zip(*recorder.requests, strict=True)
    assert paths == ("/publish", "/publish")
    assert bodies == (
        {"channel": "price:SAPA", "payload": {"price": 100.5}},
        {"channel": "price:HALO", "payload": {"price": 99.0}},
    )
    assert all(one.startswith("AWS4-HMAC-SHA256 Credential=local/") for one in signatures)
    assert all("/us-east-1/execute-api/aws4_request" in one for one in signatures)
    assert capsys.readouterr().out == "SAPA 100.50\nHALO 99.00\n"
    assert len(pauses) == 2


def test_refused_price_ends_the_feed_with_the_answer(recorder: Recorder) -> None:
    recorder.status = 403
    with pytest.raises(ValueError, match=r"answered 403: \{\}"):
        feed(iter([("SAPA", 1.0), ("SAPA", 2.0)]), Publisher(recorder.url), lambda: None)
    assert len(recorder.requests) == 1


@pytest.mark.parametrize("status", [200, 204])
def test_another_success_is_not_that_of_publish(recorder: Recorder, status: int) -> None:
    recorder.status = status
    with pytest.raises(ValueError, match=f"answered {status}"):
        Publisher(recorder.url)("price:A", {})


def test_a_profile_that_is_missing_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nothing-of-that-name")
    with pytest.raises(ValueError, match="choose a profile with AWS_PROFILE=…"):
        Publisher("https://a.execute-api.eu-west-1.amazonaws.com/publish")


def test_nobody_there_is_said_in_one_line(recorder: Recorder) -> None:
    recorder.server_close()
    with pytest.raises(ValueError, match="is `make run` running"):
        Publisher(recorder.url)("price:A", {})


@pytest.mark.parametrize(
    "wrong",
    [
        ["--symbols", ","],
        ["--count", "-1"],
        ["--url", "localhost:8080/publish"],
    ],
)
def test_wrong_arguments_end_the_program(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments(wrong)
    assert ended.value.code == 2
    assert "usage: make feed" in capsys.readouterr().err
