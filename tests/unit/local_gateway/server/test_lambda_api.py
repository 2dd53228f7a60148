"""The Lambda API: who may call it, what reaches a function, what becomes of each call."""

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled
from local_gateway.core.lambda_api.lineage import LIMIT, function_key
from local_gateway.records import LogLine
from local_gateway.runtime.log_tail import LogTails
from local_gateway.server.interfaces import ClockAndIds
from local_gateway.server.lambda_api import LambdaApi
from tests.support.applications import application
from tests.unit.local_gateway.event_sources.fakes import FakeInvoker, FakeObserver

APPLICATION = replace(application(), qualifiers={"Connect": {"live": "3"}})
FUNCTION = APPLICATION.functions["Connect"]
KEY = function_key(FUNCTION.arn)


@dataclass
class Workbench:
    """A Lambda API, and what it led to."""

    results: Sequence[InvocationResult] = (Succeeded(b'"done"'),)
    is_ready: bool = True
    accepted: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.invoker = FakeInvoker(results=self.results)
        self.observer = FakeObserver()
        self.tails = LogTails()
        self.api = LambdaApi(
            self.invoker,
            self._accept,
            log_tails=self.tails,
            clock=ClockAndIds(),
            observe=self.observer.observe,
        )
        if self.is_ready:
            self.api.serve(APPLICATION)

    def _accept(self, function: str, payload: bytes, **about: Any) -> None:
        self.accepted.append({"function": function, "payload": payload, **about})

    async def call(
        self, name: str = FUNCTION.name, body: bytes = b"{}", **headers: str
    ) -> Response:
        """One request."""
        request = Request(
            method="POST",
            path=f"/2015-03-31/functions/{name}/invocations",
            headers=Headers((key.replace("_", "-"), value) for key, value in headers.items()),
            body=body,
        )
        return await self.api.handle(request)


async def test_function_is_invoked_and_its_result_comes_back() -> None:
    bench = Workbench()
    response = await bench.call(f"{FUNCTION.name}:live", b'{"a":1}')
    assert (response.status, response.body) == (200, b'"done"')
    assert response.headers.get("X-Amz-Executed-Version") == "3"
    assert bench.invoker.payloads == [b'{"a":1}']
    [record] = bench.observer.records
    assert (record.api, record.route_key, record.function) == ("invoke", "by a client", "Connect")
    assert (record.outcome, record.problem) == ("ok", False)


async def test_caller_is_named_by_the_trace_header_that_continues() -> None:
    bench = Workbench()
    chain = f"Root=1-0-0;Lineage={function_key(APPLICATION.functions['Http'].arn)}:1"
    await bench.call(X_Amzn_Trace_Id=chain)
    assert bench.invoker.trace_ids == [chain]
    assert bench.observer.records[0].route_key == "by Http"


async def test_failure_of_the_function_is_a_problem_but_no_error_of_the_call() -> None:
    bench = Workbench([Failed("ValueError", "no")])
    response = await bench.call()
    assert response.headers.get("X-Amz-Function-Error") == "Unhandled"
    [record] = bench.observer.records
    assert (record.outcome, record.detail, record.problem) == ("error", "ValueError: no", True)


async def test_throttled_call_is_429_and_one_record() -> None:
    bench = Workbench([Throttled()])
    assert (await bench.call()).status == 429
    assert [record.outcome for record in bench.observer.records] == ["throttled"]


async def test_event_is_accepted_and_not_waited_for() -> None:
    bench = Workbench()
    response = await bench.call(X_Amz_Invocation_Type="Event", X_Amzn_Trace_Id="Root=1-0-0")
    assert (response.status, response.body) == (202, b"")
    assert bench.accepted == [
        {
            "function": "Connect",
            "payload": b"{}",
            "api": "invoke",
            "name": "by a client",
            "request_id": response.headers.get("x-amzn-RequestId"),
            "trace_id": "Root=1-0-0",
        }
    ]
    assert bench.invoker.payloads == []


async def test_event_of_moto_is_named_after_its_source() -> None:
    bench = Workbench()
    await bench.call(X_Amz_Invocation_Type="Event", X_Local_Gateway_Trigger="sns topic")
    assert (bench.accepted[0]["api"], bench.accepted[0]["name"]) == ("sns", "topic")


async def test_dry_run_invokes_nothing() -> None:
    bench = Workbench()
    assert (await bench.call(X_Amz_Invocation_Type="DryRun")).status == 204
    assert bench.invoker.payloads == []


async def test_log_tail_is_the_invocation_between_its_platform_lines() -> None:
    bench = Workbench()
    bench.invoker.holding = True
    line = LogLine(0, "Connect", "stdout", "hello", "request")

    async def print_line() -> None:
        await bench.invoker.wait_for(1)
        bench.tails.observe(line)
        bench.invoker.free.set()

    printing = asyncio.create_task(print_line())
    response = await bench.call(X_Amz_Log_Type="Tail")
    await printing
    tail = base64.b64decode(response.headers.get("X-Amz-Log-Result") or "").decode().splitlines()
    assert tail[:3] == [
        "START RequestId: request Version: $LATEST",
        "hello",
        "END RequestId: request",
    ]
    assert tail[3].startswith("REPORT RequestId: request\tDuration: ")


async def test_recursive_loop_is_refused_with_a_line_that_says_so() -> None:
    bench = Workbench()
    response = await bench.call(X_Amzn_Trace_Id=f"Root=1-0-0;Lineage={KEY}:{LIMIT}")
    assert response.status == 400
    assert response.headers.get("x-amzn-ErrorType") == "RecursiveInvocationException"
    assert bench.invoker.payloads == []
    [record] = bench.observer.records
    assert str(record.detail).startswith("recursive loop: Connect was invoked 16 times")


async def test_unknown_function_is_404_and_the_record_names_those_there_are() -> None:
    bench = Workbench()
    response = await bench.call("nobody")
    assert response.status == 404
    assert json.loads(response.body)["Message"].startswith("Function not found: arn:aws:lambda:")
    assert FUNCTION.name in str(bench.observer.records[0].detail)


async def test_pages_of_other_sites_get_nothing() -> None:
    bench = Workbench()
    for headers in (
        {"Origin": "https://web.example"},
        {"Host": "web.example"},
        {"Sec_Fetch_Site": "cross-site"},
    ):
        response = await bench.call(FUNCTION.name, b"{}", **headers)
        assert response.status == 403
    assert bench.invoker.payloads == []


async def test_call_before_the_start_is_503() -> None:
    assert (await Workbench(is_ready=False).call()).status == 503


async def test_question_about_a_function_leaves_no_record() -> None:
    bench = Workbench()
    for name, status in ((FUNCTION.name, 200), ("nobody", 404)):
        request = Request(method="GET", path=f"/2015-03-31/functions/{name}")
        assert (await bench.api.handle(request)).status == status
    assert bench.observer.records == []
