"""Calling integrations that are no Lambda proxies: HTTP endpoints, AWS services and functions."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from yarl import URL

from local_gateway.core.http import Headers, Response
from local_gateway.core.invocation import (
    Failed,
    Invocation,
    Succeeded,
    Throttled,
    TimedOut,
    outcome_of,
)
from local_gateway.core.websocket.actions import (
    CallIntegration,
    FunctionCall,
    HttpCall,
    IntegrationFailure,
    IntegrationResult,
    InvocationType,
)
from local_gateway.core.websocket.integration import AwsService, CustomLambda
from local_gateway.core.websocket.mapping import INTERNAL, integration_result
from local_gateway.records import ApiRecord, Observe
from local_gateway.server.interfaces import ClockAndIds, Invoker


class _Answer(NamedTuple):
    """A response, and the invocation that it came from, if a function gave it."""

    response: Response | IntegrationFailure
    invocation: Invocation | None = None


type Integrated = Callable[[CallIntegration, IntegrationResult | IntegrationFailure], None]
type Hosts = Mapping[str, tuple[str, int]]
# Accepts an event for a function, with the route key that it comes from.
type Accept = Callable[[str, bytes, str], None]

MOST_BYTES = 10 * 1024 * 1024


class Integrations:
    """Sends mapped requests and maps what comes back.

    Requests for AWS services go to `aws_endpoint_url`. Host names of AWS that stand for APIs of
    this gateway lead to the addresses in `hosts`. `accept` takes asynchronous invocations.
    """

    def __init__(
        self,
        invoker: Invoker,
        *,
        clock: ClockAndIds,
        observe: Observe,
        aws_endpoint_url: str = "",
    ) -> None:
        self._invoker = invoker
        self._clock = clock
        self._observe = observe
        self._aws_endpoint_url = aws_endpoint_url
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.hosts: Hosts = {}
        self.accept: Accept = self._invoke_once

    async def run(
        self, call: CallIntegration, connection_id: str
    ) -> IntegrationResult | IntegrationFailure:
        """The mapped result of a call."""
        answer: asyncio.Future[IntegrationResult | IntegrationFailure]
        answer = self._loop.create_future()

        def end(_: CallIntegration, result: IntegrationResult | IntegrationFailure) -> None:
            if not answer.done():  # the handshake may be given up
                answer.set_result(result)

        self.begin(call, connection_id, end)
        return await answer

    def begin(self, call: CallIntegration, connection_id: str, integrated: Integrated) -> None:
        """Call in the background and hand the mapped result to `integrated`; a mock's at once."""
        started = self._loop.time()

        def end(answer: _Answer) -> None:
            result = integration_result(
                call.integration, call.event, answer.response, two_way=call.two_way
            )
            seconds = self._loop.time() - started
            self._record(call, connection_id, result, answer.invocation, seconds)
            integrated(call, result)

        request = call.request
        if isinstance(request, Response | IntegrationFailure):
            end(_Answer(request))
        else:
            task = self._keep(self._answer(request, call))
            task.add_done_callback(lambda done: None if done.cancelled() else end(done.result()))

    async def close(self) -> None:
        """Cancel what is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _keep[T](self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)
        return task

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # of one that outlived its integration: nobody waits for it

    async def _answer(self, request: HttpCall | FunctionCall, call: CallIntegration) -> _Answer:
        if isinstance(request, HttpCall):
            task = self._keep(self._sent(request))
        else:
            task = self._keep(self._invoked(request, call.route_key))
        done, _ = await asyncio.wait({task}, timeout=call.timeout)
        if not done:
            if isinstance(request, HttpCall):  # a function runs on
                task.cancel()
            cause = f"no answer within {call.timeout:g} s"
            return _Answer(IntegrationFailure(502, INTERNAL, cause, "timeout"))
        try:
            return task.result()
        except Exception as error:  # whatever it is, the client must not wait for ever
            cause = " ".join(str(error).split()) or type(error).__name__
            return _Answer(IntegrationFailure(502, INTERNAL, f"no response: {cause}"))

    async def _sent(self, call: HttpCall) -> _Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()
            )
        url, headers = self._target(call)
        async with self._session.request(
            call.method,
            URL(url, encoded=True),
            headers=headers,
            data=call.body or None,
            allow_redirects=False,
            skip_auto_headers=("Accept", "User-Agent", "Content-Type"),
        ) as response:
            body = bytearray()
            async for part in response.content.iter_any():
                body += part
                if len(body) > MOST_BYTES:
                    raise ValueError(f"the response has more than {MOST_BYTES} bytes")
            headers_back = Headers(response.headers.items())
            return _Answer(Response(response.status, headers_back, bytes(body)))

    def _target(self, call: HttpCall) -> tuple[str, list[tuple[str, str]]]:
        """Where a request goes, and with which headers."""
        headers = list(call.headers)
        if call.service is not None:
            authorization = _authorization(call.service, self._clock.now())
            return f"{self._aws_endpoint_url}{call.url}", [*headers, *authorization]
        parts = urlsplit(call.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{call.url or 'an empty text'} is no URL of an HTTP endpoint")
        if (address := self.hosts.get(parts.hostname)) is None:
            return call.url, headers
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        local = urlunsplit(("http", f"{host}:{address[1]}", parts.path or "/", parts.query, ""))
        return local, [*headers, ("Host", parts.hostname)]

    async def _invoked(self, call: FunctionCall, route_key: str) -> _Answer:
        match call.invocation_type:
            case InvocationType.DRY_RUN:
                return _Answer(Response(204))
            case InvocationType.EVENT:
                self.accept(call.function, call.payload, route_key)
                return _Answer(Response(202))
            case _:
                invocation = await self._invoker.invoke(call.function, call.payload)
                return _Answer(_lambda_response(invocation), invocation)

    def _invoke_once(self, function: str, payload: bytes, _: str) -> None:
        self._keep(self._invoker.invoke(function, payload))

    def _record(
        self,
        call: CallIntegration,
        connection_id: str,
        result: IntegrationResult | IntegrationFailure,
        invocation: Invocation | None,
        seconds: float,
    ) -> None:
        backend = call.integration.backend
        outcome = result.outcome if isinstance(result, IntegrationFailure) else str(result.status)
        record = ApiRecord.from_invocation(
            invocation,
            at=self._clock.now(),
            api="websocket",
            route_key=call.route_key,
            outcome=outcome,
            connection_id=connection_id,
            function=backend.function if isinstance(backend, CustomLambda) else None,
            detail=result.cause,
            problem=result.cause is not None,
        )
        if invocation is None:
            record = record._replace(duration_ms=seconds * 1000)
        self._observe(record._replace(integration=call.integration.name))


def _authorization(service: AwsService, at: int) -> list[tuple[str, str]]:
    """A signature as API Gateway's: it says which service and region a request is for.

    The AWS services of a run do not verify signatures.
    """
    date = f"{datetime.fromtimestamp(at // 1000, tz=UTC):%Y%m%dT%H%M%SZ}"
    scope = f"{date[:8]}/{service.region}/{service.service}/aws4_request"
    return [
        (
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential=apigateway/{scope}, "
            f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
        ),
        ("X-Amz-Date", date),
    ]


def _lambda_response(invocation: Invocation) -> Response:
    """The response of Lambda's operation Invoke."""
    match invocation.result:
        case Succeeded(payload):
            return Response(200, body=payload)
        case Throttled():
            message = json.dumps({"Type": "User", "message": "Rate Exceeded."})
            headers = Headers((("X-Amzn-ErrorType", "TooManyRequestsException"),))
            return Response(429, headers, message.encode())
        case Failed(error_type, message):
            error = {"errorMessage": message, "errorType": error_type}
        case TimedOut() as result:
            error = {"errorMessage": f"Task timed out: {outcome_of(result)[1]}"}
    headers = Headers((("X-Amz-Function-Error", "Unhandled"),))
    return Response(200, headers, json.dumps(error).encode())
