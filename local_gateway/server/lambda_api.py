"""The Lambda API for the functions of the template: other functions and the CLI invoke them.

It has no port that people use: the AWS services of this run (moto) pass every invocation on to it,
so that one address answers all calls of an SDK.
"""

import base64
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from local_gateway.core.http import Request, Response
from local_gateway.core.invocation import Invocation, outcome_of
from local_gateway.core.lambda_api import invoke
from local_gateway.core.lambda_api.configuration import describe
from local_gateway.core.lambda_api.errors import (
    LambdaApiError,
    ThrottledError,
    function_not_found,
    recursive_loop,
)
from local_gateway.core.lambda_api.invoke import InvocationType, InvokeCall
from local_gateway.core.lambda_api.lineage import (
    function_key,
    is_recursive_loop,
    is_trace_id,
    last_function,
    loop_text,
)
from local_gateway.core.lambda_api.names import Target, find_target
from local_gateway.core.loopback_guard import foreign_page
from local_gateway.core.model import Application, LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.records import ApiRecord, Observe
from local_gateway.server.interfaces import ClockAndIds, Invoker
from local_gateway.server.protocol import RequestLimits

# What moto invokes a function for: `sns topic`. No SDK sends it.
TRIGGER_HEADER = "X-Local-Gateway-Trigger"

# The headers of an SDK call may hold a client context of 3,583 bytes.
LIMITS = RequestLimits(header_bytes=64 * 1024, body_bytes=invoke.MAX_BYTES)

_OF_CLIENTS = "by a client"


class AcceptEvent(Protocol):
    """Takes an event for an asynchronous invocation."""

    def __call__(
        self,
        function: str,
        payload: bytes,
        *,
        api: str,
        name: str,
        request_id: str,
        trace_id: str | None,
    ) -> None: ...


class LogTails(Protocol):
    """Collects the logs of invocations."""

    def collect(
        self, function: LambdaFunction
    ) -> AbstractContextManager[Callable[[Invocation], bytes]]:
        """Collect while the block lasts; the result gives the last 4 KB of an invocation."""


class LambdaApi:
    """Answers `Invoke`, and what functions there are; permissions are not looked at."""

    def __init__(
        self,
        invoker: Invoker,
        accept: AcceptEvent,
        *,
        log_tails: LogTails,
        clock: ClockAndIds,
        observe: Observe,
    ) -> None:
        self._invoker = invoker
        self._accept = accept
        self._log_tails = log_tails
        self._clock = clock
        self._observe = observe
        self._application: Application | None = None
        self._names: dict[str, str] = {}

    def serve(self, application: Application) -> None:
        """From now on, these are the functions."""
        self._application = application
        self._names = {
            function_key(function.arn): name for name, function in application.functions.items()
        }

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        headers, request_id = request.headers, str(uuid.uuid4())
        origins, site = headers.get_all("Origin"), headers.get("Sec-Fetch-Site")
        problem = foreign_page(headers.get_all("Host"), origins, site)
        if problem is not None:
            return LambdaApiError(403, "AccessDeniedException", problem).response(request_id)
        try:
            if request.method == "GET":
                return describe(self._served(), request)
            return await self._answer(request, invoke.parse_call(request), request_id)
        except LambdaApiError as error:
            # The invocation has its record, and who only asks needs none.
            if request.method == "POST" and not isinstance(error, ThrottledError):
                self._refused(request, error)
            return error.response(request_id)

    def _served(self) -> Application:
        if self._application is None:
            raise LambdaApiError(503, "ServiceException", "the functions are not ready yet")
        return self._application

    async def _answer(self, request: Request, call: InvokeCall, request_id: str) -> Response:
        target = find_target(self._served(), call.function_name, call.qualifier)
        trace_id = request.headers.get("X-Amzn-Trace-Id")
        trace_id = trace_id if is_trace_id(trace_id) else None
        if call.invocation_type is InvocationType.DRY_RUN:
            return invoke.permitted(request_id)
        if call.invocation_type is InvocationType.EVENT:
            api, name = self._trigger(request)
            self._accept(
                target.function.logical_id,
                call.payload,
                api=api,
                name=name,
                request_id=request_id,
                trace_id=trace_id,
            )
            return invoke.accepted(request_id)
        return await self._invoke(request, call, target, trace_id)

    async def _invoke(
        self, request: Request, call: InvokeCall, target: Target, trace_id: str | None
    ) -> Response:
        function = target.function
        if is_recursive_loop(function, trace_id):
            raise recursive_loop(loop_text(function))
        with self._log_tails.collect(function) as log_of:
            try:
                invocation = await self._invoker.invoke(
                    function.logical_id, call.payload, trace_id=trace_id
                )
            except GatewayError:  # a reload has removed it
                raise function_not_found(function.arn) from None
            self._report(request, target, invocation)
            tail = base64.b64encode(log_of(invocation)).decode() if call.wants_log else None
        return invoke.answer_to(invocation, target.version, tail)

    def _trigger(self, request: Request) -> tuple[str, str]:
        """What the invocation is for: an event of moto, or a call of a function or a client."""
        api, _, name = (request.headers.get(TRIGGER_HEADER) or "").partition(" ")
        if name:
            return api, name
        caller = self._names.get(last_function(request.headers.get("X-Amzn-Trace-Id")) or "")
        return "invoke", f"by {caller}" if caller is not None else _OF_CLIENTS

    def _report(self, request: Request, target: Target, invocation: Invocation) -> None:
        outcome, detail = outcome_of(invocation.result)
        api, name = self._trigger(request)
        record = ApiRecord.from_invocation(
            invocation,
            at=self._clock.now(),
            api=api,
            route_key=name,
            outcome=outcome,
            function=target.function.logical_id,
            detail=detail,
            problem=outcome != "ok",
        )
        self._observe(record)

    def _refused(self, request: Request, error: LambdaApiError) -> None:
        api, name = self._trigger(request)
        record = ApiRecord(
            at=self._clock.now(),
            api=api,
            route_key=name,
            outcome=str(error.status),
            detail=error.detail,
            problem=True,
        )
        self._observe(record)
