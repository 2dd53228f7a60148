"""An HTTP API on the wire: stages, routes, CORS, and the function behind a route."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from local_gateway.core.authorizer_cache import AuthorizerCache
from local_gateway.core.http import Request, Response
from local_gateway.core.http_api import authorizers, responses
from local_gateway.core.http_api.authorizers import LambdaAnswer, Refused
from local_gateway.core.http_api.cors import preflight, with_cors
from local_gateway.core.http_api.events import http_event, iam_context
from local_gateway.core.http_api.payload_1_0 import integration_event
from local_gateway.core.http_api.routes import match, path_in_stage
from local_gateway.core.iam.signer import Signer
from local_gateway.core.invocation import Invocation, TimedOut, outcome_of
from local_gateway.core.model import (
    Application,
    AuthorizationType,
    HttpApi,
    HttpLambdaAuthorizer,
    HttpRoute,
    HttpStage,
    JwtAuthorizer,
)
from local_gateway.core.throttling import RouteThrottles
from local_gateway.core.timestamps import RequestStamp
from local_gateway.core.tokens import TokenError, bare_token, check_claims
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
        self._cache = AuthorizerCache[LambdaAnswer]()
        self._has_said_plain = False
        if context.faults is not None:
            context.faults.add_api(api)

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
        )
        context = await self._authorize(stage, route, request, stamp, event)
        if isinstance(context, Refused):
            status = context.response.status
            outcome = f"{status} {HTTPStatus(status).phrase}"
            self._record(request, outcome, detail=context.cause)
            return context.response
        if context is not None:
            event["requestContext"]["authorizer"] = dict(context)
        return await self._invoke(route, request, event)

    async def _authorize(
        self,
        stage: HttpStage,
        route: HttpRoute,
        request: Request,
        stamp: RequestStamp,
        event: Mapping[str, Any],
    ) -> Mapping[str, Any] | Refused | None:
        """`requestContext.authorizer`, as far as the route asks for one."""
        match route.authorizer:
            case JwtAuthorizer() as authorizer:
                value = authorizers.identity_value(
                    authorizer.identity_source, request, stage, event["requestContext"]
                )
                return await self._check_token(authorizer, route, bare_token(value), stamp)
            case HttpLambdaAuthorizer() as authorizer:
                return await self._ask(authorizer, stage, request, stamp, event)
        if route.authorization_type is not AuthorizationType.AWS_IAM:
            return None
        region = self._application.region
        problem = signature_problem(
            request, self._context.signing_keys, region=region, now=stamp.at
        )
        if problem is not None:
            cause = f"{problem.error_type}: {problem.message}"
            return Refused(responses.FORBIDDEN, cause)
        return iam_context(Signer.from_request(request, self._application))

    async def _check_token(
        self, authorizer: JwtAuthorizer, route: HttpRoute, token: str, stamp: RequestStamp
    ) -> Mapping[str, Any] | Refused:
        if not token:
            return authorizers.missing_token()
        issuer, audience = authorizer.issuer, authorizer.audience
        try:
            claims = await self._context.issuers.claims(token, issuer, stamp.at)
            check_claims(claims, issuer=issuer, audience=audience, now=stamp.at / 1000)
        except TokenError as error:
            return authorizers.invalid_token(str(error), route.scopes)
        refused = authorizers.scope_problem(claims, route.scopes)
        return refused or authorizers.jwt_context(claims, route.scopes)

    async def _ask(
        self,
        authorizer: HttpLambdaAuthorizer,
        stage: HttpStage,
        request: Request,
        stamp: RequestStamp,
        event: Mapping[str, Any],
    ) -> Mapping[str, Any] | Refused:
        """The answer of a Lambda authorizer, perhaps a kept one."""
        context = event["requestContext"]
        identity = tuple(
            authorizers.identity_value(source, request, stage, context)
            for source in authorizer.identity_sources
        )
        if not all(identity):
            return authorizers.unauthorized("an identity source is missing or empty")
        key = (stage.name, authorizer.name, identity)
        route_arn = self._route_arn(stage, context["http"])
        answer = self._cache.get(key, stamp.at) if identity else None
        if answer is None:
            asked = authorizers.authorizer_event(authorizer, event, route_arn, identity)
            call = self._context.invocations.call
            invocation = await call(authorizer.function, asked, authorizers.TIMEOUT)
            result = invocation.result if invocation is not None else TimedOut(authorizers.TIMEOUT)
            fresh = authorizers.answer_of(authorizer, result)
            self._record_authorizer(authorizer, invocation, fresh)
            if isinstance(fresh, Refused):
                return fresh
            answer = fresh
            if identity:
                self._cache.put(key, answer, at=self._context.clock.now(), ttl=authorizer.ttl)
        refused = authorizers.refusal_of(answer, route_arn, request.source_ip)
        return refused or authorizers.lambda_context(answer)

    def _route_arn(self, stage: HttpStage, http: Mapping[str, str]) -> str:
        """The ARN that a policy has to allow."""
        application = self._application
        path = path_in_stage(stage.name, http["path"]) or "/"
        return (
            f"arn:{application.partition}:execute-api:{application.region}:"
            f"{application.account_id}:{self._api.api_id}/{stage.name}/{http['method']}{path}"
        )

    async def _invoke(
        self, route: HttpRoute, request: Request, event: Mapping[str, Any]
    ) -> Response:
        version = route.payload_format_version
        if version == "1.0":
            event = integration_event(event, request)
        invocation = await self._context.invocations.call(route.function, event, route.timeout)
        result = invocation.result if invocation is not None else TimedOut(route.timeout)
        response, malformed = responses.http_response(result, version)
        detail = malformed or outcome_of(result)[1]
        plain = responses.for_plain_http(response)
        if plain is not response and not self._has_said_plain:
            self._has_said_plain = True
            detail = responses.PLAIN_HTTP_NOTICE
        self._record(request, str(response.status), invocation, detail)
        return plain

    def _record_authorizer(
        self,
        authorizer: HttpLambdaAuthorizer,
        invocation: Invocation | None,
        answer: LambdaAnswer | Refused,
    ) -> None:
        refused = answer if isinstance(answer, Refused) else None
        record = ApiRecord.from_invocation(
            invocation,
            at=self._context.clock.now(),
            api="http",
            route_key="authorizer",
            outcome=str(refused.response.status) if refused is not None else "ok",
            function=authorizer.function,
            detail=refused.cause if refused is not None else None,
            problem=refused is not None and refused.response.status >= 500,
        )
        self._context.observe(record)

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
