"""An HTTP API on the wire: stages, routes, CORS, and the function behind a route."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from local_gateway.core.http_api.cors import preflight, with_cors
from local_gateway.core.http_api.events import HttpRequest, http_event
from local_gateway.core.http_api.iam import iam_context, iam_problem
from local_gateway.core.http_api.responses import (
    HttpResponse,
    forbidden,
    http_response,
    not_found,
    too_many_requests,
)
from local_gateway.core.http_api.routes import match, path_in_stage
from local_gateway.core.invocation import Invocation, TimedOut
from local_gateway.core.model import (
    Application,
    AuthorizationType,
    HttpApi,
    HttpRoute,
    HttpStage,
)
from local_gateway.core.throttling import RouteThrottles
from local_gateway.records import ApiRecord, Observe, outcome_of
from local_gateway.server.faults import Fate, Mishap
from local_gateway.server.interfaces import Faults, NoFaults, Sources
from local_gateway.server.invocations import Invocations
from local_gateway.server.protocol import read_body
from local_gateway.server.upgrade import header_pairs


class HttpApiServer:
    """Serves every stage of one HTTP API."""

    def __init__(
        self,
        application: Application,
        api: HttpApi,
        *,
        port: int,
        invocations: Invocations,
        sources: Sources,
        observe: Observe,
        secrets: Mapping[str, str] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self._application = application
        self._api = api
        self._port = port
        self._invocations = invocations
        self._sources = sources
        self._observe = observe
        self._secrets = secrets
        self._faults = faults or NoFaults()
        self._counts: Counter[str] = Counter()
        # `$default` fits every path, so a named stage goes first.
        self._stages = sorted(api.stages, key=lambda stage: stage.name == "$default")
        self._throttles = {
            stage.name: RouteThrottles(stage.default_throttle, stage.throttles)
            for stage in api.stages
        }

    def stage_names(self) -> set[str]:
        """The names of the stages, `$default` included."""
        return {stage.name for stage in self._stages}

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; unknown paths get API Gateway's own 404."""
        http_request = await self._read(request)
        response = await self._respond(http_request)
        answer = web.Response(status=response.status, body=response.body)
        for name, value in response.headers:
            answer.headers.add(name, value)
        return answer

    async def _respond(self, request: HttpRequest) -> HttpResponse:
        cors = self._api.cors
        if cors is not None and request.method == "OPTIONS":
            answer = preflight(cors, request.headers)
            if answer is not None:
                return answer
        for stage in self._stages:
            path = path_in_stage(stage.name, request.path)
            found = match(self._api.routes, request.method, path) if path is not None else None
            if found is not None:
                route, parameters = found
                response = await self._serve(stage, route, request, dict(parameters))
                return with_cors(cors, request.header("origin"), response)
        self._record(request, "404 Not Found", None)
        return not_found()

    async def _serve(
        self,
        stage: HttpStage,
        route: HttpRoute,
        request: HttpRequest,
        parameters: dict[str, str],
    ) -> HttpResponse:
        if not self._throttles[stage.name].admits(route.route_key, self._sources.now()):
            self._record(request, "429 Too Many Requests", None)
            return too_many_requests()
        if route.authorization_type is not AuthorizationType.AWS_IAM:
            return await self._invoke(stage, route, request, parameters)
        region, now = self._application.region, self._sources.now()
        problem = iam_problem(request, self._secrets, region=region, now=now)
        if problem is not None:
            self._record(request, "403 Forbidden", None, problem)
            return forbidden()
        iam = iam_context(request, self._application)
        return await self._invoke(stage, route, request, parameters, iam)

    async def _invoke(
        self,
        stage: HttpStage,
        route: HttpRoute,
        request: HttpRequest,
        parameters: dict[str, str],
        iam: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        event = http_event(
            self._api,
            stage,
            route,
            request,
            self._sources.moment(),
            path_parameters=parameters,
            domain_name=request.header("host") or "localhost",
            account_id=self._application.account_id,
            iam=iam,
        )
        invocation = await self._invocations.call(
            route.function, event, route.timeout, self._mishap(route, request)
        )
        result = invocation.result if invocation is not None else TimedOut(route.timeout)
        response = http_response(result)
        self._record(request, str(response.status), invocation, outcome_of(result)[1])
        return response

    def _mishap(self, route: HttpRoute, request: HttpRequest) -> Mishap | None:
        def tell(_: str, outcome: str) -> None:
            self._record(request, outcome, None)

        self._counts[route.route_key] += 1
        fate = Fate(self._faults, (self._api.logical_id, route.route_key), tell)
        return fate.mishap(route.route_key, self._counts[route.route_key])

    async def _read(self, request: web.BaseRequest) -> HttpRequest:
        return HttpRequest(
            method=request.method,
            path=request.rel_url.raw_path,
            query_string=request.rel_url.raw_query_string,
            headers=header_pairs(request),
            body=await read_body(request),
            source_ip=request.remote or "",
            scheme="http",
            port=self._port,
        )

    def _record(
        self,
        request: HttpRequest,
        outcome: str,
        invocation: Invocation | None,
        detail: str | None = None,
    ) -> None:
        record = ApiRecord.from_invocation(
            invocation,
            at=self._sources.now(),
            api="http",
            route_key=f"{request.method} {request.path}",
            outcome=outcome,
            detail=detail,
            problem=outcome.startswith("5"),
        )
        self._observe(record)
