"""An HTTP API on the wire: stages, routes, CORS, and the function behind a route."""

from collections.abc import Mapping
from typing import Any

from local_gateway.core.http import Request, Response
from local_gateway.core.http_api import responses
from local_gateway.core.http_api.cors import preflight, with_cors
from local_gateway.core.http_api.events import http_event, iam_context
from local_gateway.core.http_api.routes import match, path_in_stage
from local_gateway.core.iam.signer import Signer
from local_gateway.core.invocation import Invocation, TimedOut, outcome_of
from local_gateway.core.model import (
    Application,
    AuthorizationType,
    HttpApi,
    HttpRoute,
    HttpStage,
)
from local_gateway.core.throttling import RouteThrottles
from local_gateway.core.timestamps import RequestStamp
from local_gateway.records import ApiRecord
from local_gateway.server.context import ServerContext
from local_gateway.server.responses import json_message
from local_gateway.server.signatures import signature_problem


class HttpApiServer:
    """Serves every stage of one HTTP API; `port` is the gateway's."""

    def __init__(
        self, application: Application, api: HttpApi, context: ServerContext, *, port: int
    ) -> None:
        self._application = application
        self._api = api
        self._context = context
        self._port = port
        # `$default` fits every path, so a named stage goes first.
        self._stages = sorted(api.stages, key=lambda stage: stage.name == "$default")
        self._throttles = {
            stage.name: RouteThrottles(stage.default_throttle, stage.throttles)
            for stage in api.stages
        }
        self._has_said_plain = False
        if context.faults is not None:
            context.faults.add_http_api(api)

    def stage_names(self) -> set[str]:
        """The names of the stages, `$default` included."""
        return {stage.name for stage in self._stages}

    async def handle(self, request: Request) -> Response:
        """Answer one request; unknown paths get API Gateway's own 404."""
        if request.is_too_large:
            self._record(request, "413 Request Entity Too Large")
            return json_message(413, "Request Entity Too Large")
        cors = self._api.cors
        if cors is not None and request.method == "OPTIONS":
            answer = preflight(cors, request.headers)
            if answer is not None:
                return answer
        for stage in self._stages:
            path = path_in_stage(stage.name, request.path)
            matched = match(self._api.routes, request.method, path) if path is not None else None
            if matched is not None:
                route, parameters = matched
                response = await self._serve(stage, route, request, parameters)
                return with_cors(cors, request.headers.get("origin"), response)
        self._record(request, "404 Not Found")
        return responses.NOT_FOUND

    async def _serve(
        self,
        stage: HttpStage,
        route: HttpRoute,
        request: Request,
        parameters: Mapping[str, str],
    ) -> Response:
        stamp = self._context.clock.stamp()
        if not self._throttles[stage.name].admits(route.route_key, stamp.at):
            self._record(request, "429 Too Many Requests")
            return responses.TOO_MANY_REQUESTS
        iam: Mapping[str, Any] | None = None
        if route.authorization_type is AuthorizationType.AWS_IAM:
            problem = signature_problem(
                request, self._context.signing_keys, region=self._application.region, now=stamp.at
            )
            if problem is not None:
                self._record(
                    request, "403 Forbidden", None, f"{problem.error_type}: {problem.message}"
                )
                return responses.FORBIDDEN
            iam = iam_context(Signer.from_request(request, self._application))
        return await self._invoke(stage, route, request, stamp, parameters, iam)

    async def _invoke(
        self,
        stage: HttpStage,
        route: HttpRoute,
        request: Request,
        stamp: RequestStamp,
        parameters: Mapping[str, str],
        iam: Mapping[str, Any] | None,
    ) -> Response:
        event = http_event(
            self._api,
            stage,
            route,
            request,
            stamp,
            path_parameters=parameters,
            domain_name=request.headers.get("host") or "localhost",
            port=self._port,
            account_id=self._application.account_id,
            iam=iam,
        )
        invocation = await self._context.invocations.call(route.function, event, route.timeout)
        result = invocation.result if invocation is not None else TimedOut(route.timeout)
        response, malformed = responses.http_response(result)
        detail = malformed or outcome_of(result)[1]
        plain = responses.for_plain_http(response)
        if plain is not response and not self._has_said_plain:
            self._has_said_plain = True
            detail = responses.PLAIN_HTTP_NOTICE
        self._record(request, str(response.status), invocation, detail)
        return plain

    def _record(
        self,
        request: Request,
        outcome: str,
        invocation: Invocation | None = None,
        detail: str | None = None,
    ) -> None:
        record = ApiRecord.from_invocation(
            invocation,
            at=self._context.clock.now(),
            api="http",
            route_key=f"{request.method} {request.path}",
            outcome=outcome,
            detail=detail,
            problem=outcome.startswith("5"),
        )
        self._context.observe(record)
