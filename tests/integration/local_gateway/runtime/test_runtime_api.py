"""The Runtime API as a runtime client meets it: paths, headers, statuses, bad input."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator

import pytest

from local_gateway.core.invocation import Failed
from local_gateway.runtime.runtime_api import (
    MAX_RESPONSE_BYTES,
    Deliver,
    Delivery,
    RefusedError,
    listen,
    serve,
)

DELIVERY = Delivery(
    request_id="id-1", payload=b"{}", deadline_ms=1234, function_arn="arn:fn", trace_id="Root=1"
)


class Environment:
    """Stands behind the API: remembers calls, refuses ids other than `id-1`."""

    def __init__(self) -> None:
        self.calls: list[object] = []
        self.delivery: Delivery | None = None
        self.is_gone = asyncio.Event()
        self._polls: list[Deliver] = []

    def next(self, deliver: Deliver) -> None:
        self.calls.append("next")
        if self.delivery is not None:
            deliver(self.delivery)
        else:
            self._polls.append(deliver)

    def gone(self, deliver: Deliver) -> None:
        self._polls.remove(deliver)
        self.is_gone.set()

    def respond(self, request_id: str, payload: bytes) -> None:
        self._check(request_id)
        self.calls.append(payload)

    def respond_too_large(self, request_id: str) -> None:
        self._check(request_id)
        self.calls.append("too large")

    def fail(self, request_id: str, failure: Failed) -> None:
        self._check(request_id)
        self.calls.append(failure)

    def fail_init(self, failure: Failed) -> None:
        self.calls.append(("init", failure))

    def _check(self, request_id: str) -> None:
        if request_id != "id-1":
            raise RefusedError(400, "InvalidRequestID", "no such invocation")


type Api = tuple[Environment, str]
type Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    environment = Environment()
    with listen() as (listener, address):
        async with serve(listener, environment, None):
            yield environment, address


async def call(
    address: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    """One call with the standard library's client, in a thread."""

    def run() -> Answer:
        connection = http.client.HTTPConnection(address, timeout=20)
        try:
            connection.request(method, f"/2018-06-01/runtime/{path}", body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    return await asyncio.to_thread(run)


async def test_next_carries_the_event_and_its_headers(api: Api) -> None:
    environment, address = api
    environment.delivery = DELIVERY
    status, headers, body = await call(address, "GET", "invocation/next")
    assert (status, body) == (200, b"{}")
    assert headers == {
        "Content-Type": "application/json",
        "Content-Length": "2",
        "Lambda-Runtime-Aws-Request-Id": "id-1",
        "Lambda-Runtime-Deadline-Ms": "1234",
        "Lambda-Runtime-Invoked-Function-Arn": "arn:fn",
        "Lambda-Runtime-Trace-Id": "Root=1",
    }


async def test_a_response_is_accepted(api: Api) -> None:
    environment, address = api
    status, _, _ = await call(address, "POST", "invocation/id-1/response", b"null")
    assert (status, environment.calls) == (202, [b"null"])


async def test_the_largest_response_passes_and_a_larger_one_does_not(api: Api) -> None:
    environment, address = api
    largest = b"x" * MAX_RESPONSE_BYTES
    assert (await call(address, "POST", "invocation/id-1/response", largest))[0] == 202
    assert (await call(address, "POST", "invocation/id-1/response", largest + b"x"))[0] == 413
    assert environment.calls == [largest, "too large"]


@pytest.mark.parametrize("end", ["response", "error"])
async def test_a_foreign_request_id_is_refused(api: Api, end: str) -> None:
    environment, address = api
    status, _, body = await call(address, "POST", f"invocation/other/{end}", b"{}")
    assert (status, environment.calls) == (400, [])
    assert json.loads(body)["errorType"] == "InvalidRequestID"


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b'{"errorType": "T", "errorMessage": "m", "stackTrace": []}', Failed("T", "m")),
        (b'{"errorMessage": "m"}', Failed("Cat.Reason", "m")),
        (b"", Failed("Cat.Reason", "")),
        (b"not json", Failed("Cat.Reason", "")),
        (b"\xff\xfe", Failed("Cat.Reason", "")),
        (b"[1]", Failed("Cat.Reason", "")),
        (b'{"errorType": 7, "errorMessage": ["x"]}', Failed("7", "['x']")),
    ],
)
async def test_an_error_is_read_from_the_body_or_the_header(
    api: Api, body: bytes, failure: Failed
) -> None:
    environment, address = api
    headers = {"Lambda-Runtime-Function-Error-Type": "Cat.Reason"}
    assert (await call(address, "POST", "invocation/id-1/error", body, headers))[0] == 202
    assert (await call(address, "POST", "init/error", body, headers))[0] == 202
    assert environment.calls == [failure, ("init", failure)]


async def test_restore_has_nothing_to_wait_for(api: Api) -> None:
    environment, address = api
    assert (await call(address, "GET", "restore/next"))[0] == 200
    body = b'{"errorType": "T", "errorMessage": "m"}'
    assert (await call(address, "POST", "restore/error", body))[0] == 202
    assert environment.calls == [("init", Failed("T", "m"))]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "invocation/next"), ("GET", "invocation/id-1/response"), ("PUT", "x")],
)
async def test_other_calls_do_not_exist(api: Api, method: str, path: str) -> None:
    assert (await call(api[1], method, path))[0] == 404


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"\x00\xff\xfe\r\n\r\n",
        b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n",
        b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n",
        b"x" * (3 * 1024 * 1024),
        b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n" * 2,
    ],
)
async def test_bytes_that_are_no_call_are_refused_and_the_connection_closed(
    api: Api, data: bytes
) -> None:
    _, address = api
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(20):
        try:
            writer.write(data)
            assert (await reader.read()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        except ConnectionResetError:
            assert len(data) > 1_000_000  # it was still being sent
        finally:
            writer.close()


async def test_calls_in_pieces_are_put_together(api: Api) -> None:
    environment, address = api
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    text = (
        b"POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
    )
    async with asyncio.timeout(20):
        for _ in range(2):
            for byte in text + b"true":
                writer.write(bytes([byte]))
                await writer.drain()
            assert await reader.readline() == b"HTTP/1.1 202 Accepted\r\n"
            await reader.readuntil(b"\r\n\r\n")
            await reader.readline()
    writer.close()
    assert environment.calls == [b"true", b"true"]


async def test_a_poll_ends_with_its_connection(api: Api) -> None:
    environment, address = api
    host, _, port = address.partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n")
    writer.close()
    async with asyncio.timeout(20):
        await environment.is_gone.wait()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://web.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "rebound.example"},
    ],
)
async def test_a_page_of_others_gets_no_event(api: Api, headers: dict[str, str]) -> None:
    environment, address = api
    environment.delivery = DELIVERY
    path = "/2018-06-01/runtime/invocation/next"
    status, _, body = await call(address, "GET", path, headers=headers)
    assert status == 403
    assert json.loads(body)["errorType"] == "AccessDenied"
    assert environment.calls == []
