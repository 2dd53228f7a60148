"""A REST API on the wire: resources, authorizers, API keys, and the function behind a method."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local_gateway.core.api_keys import LIMIT_EXCEEDED, UsagePlans
from local_gateway.core.authorizer_cache import AuthorizerCache
from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.http_api.responses import PLAIN_HTTP_NOTICE, for_plain_http
from local_gateway.core.http_api.routes import path_in_stage
from local_gateway.core.iam.authorizer_result import AuthorizerResult
from local_gateway.core.iam.signer import Signer
from local_gateway.core.invocation import Invocation, TimedOut
from local_gateway.core.model import (
    Application,
    AuthorizationType,
    LambdaIntegration,
    MockIntegration,
    RestApi,
    RestAuthorizer,
    RestAuthorizerKind,
    RestMethod,
    RestStage,
)
from local_gateway.core.ports import domain_name
from local_gateway.core.rest_api import authorizers
from local_gateway.core.rest_api.events import RestRequest, proxy_event, request_id
from local_gateway.core.rest_api.gateway_responses import (
    MISSING_TOKEN,
    THROTTLED,
    TOO_LARGE,
    UNAUTHORIZED,
    Refusal,
    ResponseType,
    response_of,
)
from local_gateway.core.rest_api.mock import mock_response
from local_gateway.core.rest_api.resources import match
from local_gateway.core.rest_api.responses import bad_gateway, proxy_response
from local_gateway.core.rest_api.validation import validation_refusal
from local_gateway.core.throttling import RouteThrottles
from local_gateway.core.timestamps import RequestStamp
from local_gateway.core.tokens import TokenError, bare_token, check_claims
from local_gateway.records import ApiRecord
from local_gateway.server.context import ServerContext
from local_gateway.server.signatures import signature_problem

type Authorization = Mapping[str, Any] | None


class _RefusedError(Exception):
    """The API answers by itself, perhaps after an invocation."""

    def __init__(self, refusal: Refusal, invocation: Invocation | None = None) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.invocation = invocation


class RestApiServer:
    """Serves one stage of a REST API."""

    def __init__(
        self, application: Application, api: RestApi, stage: RestStage, context: ServerContext
    ) -> None:
        self.stage = stage
        self.domain_name = domain_name(api.api_id, application)
        self._application = application
        self._api = api
        self._context = context
        self._throttles = RouteThrottles(stage.default_throttle, stage.throttles)
        self._usage_plans = UsagePlans(stage.api_keys, api.api_key_source)
        self._has_said_plain = False
        self._cache = AuthorizerCache[AuthorizerResult]()
        if context.faults is not None:
            context.faults.add_api(api)

    async def handle(self, request: Request) -> Response:
        """Answer one request, whose path begins with the stage."""
        stamp = self._context.clock.stamp()
        try:
            rest, context = await self._authorize(self._rest_request(request, stamp))
            response, invocation = await self._integrate(rest, context)
            detail = self._plain_http_notice(response)
        except _RefusedError as error:
            refusal, invocation = error.refusal, error.invocation
            variables = {"requestId": request_id(stamp), "stage": self.stage.name}
            response = response_of(refusal, self._api.gateway_responses, request, variables)
            detail = refusal.cause or refusal.message
        self._record(request, response, invocation, detail)
        response = for_plain_http(response)
        ids = (("x-amzn-RequestId", request_id(stamp)), ("x-amz-apigw-id", stamp.request_id))
        return Response(response.status, Headers((*response.headers, *ids)), response.body)

    def _rest_request(self, request: Request, stamp: RequestStamp) -> RestRequest:
        if request.is_too_large:
            raise _RefusedError(TOO_LARGE)
        path = path_in_stage(self.stage.name, request.path) or "/"
        matched = match(self._api.methods, request.method, path)
        if matched is None:
            raise _RefusedError(MISSING_TOKEN)
        method, parameters = matched
        if not self._admits(method, stamp.at):
            raise _RefusedError(THROTTLED)
        return RestRequest(
            api=self._api,
            stage=self.stage,
            method=method,
            request=request,
            stamp=stamp,
            path=path,
            path_parameters=parameters,
            partition=self._application.partition,
            region=self._application.region,
            account_id=self._application.account_id,
        )

    def _admits(self, method: RestMethod, at: int) -> bool:
        key = f"{method.http_method} {method.resource}"
        return self._throttles.admits(key, at)

    async def _authorize(self, rest: RestRequest) -> tuple[RestRequest, Authorization]:
        """Who asks: by a signature, an authorizer and an API key, as far as the method asks."""
        context: Authorization = None
        usage_identifier_key: str | None = None
        authorizer = rest.method.authorizer
        if rest.method.authorization_type is AuthorizationType.AWS_IAM:
            rest = self._check_signature(rest)
        elif authorizer is not None and authorizer.kind is RestAuthorizerKind.COGNITO_USER_POOLS:
            context = await self._check_token(authorizer, rest)
        elif authorizer is not None:
            result, latency = await self._ask(authorizer, rest)
            if (refusal := authorizers.policy_refusal(result, rest)) is not None:
                raise _RefusedError(refusal)
            context = authorizers.authorizer_context(result, latency)
            usage_identifier_key = result.usage_identifier_key
        if rest.method.api_key_required:
            rest = self._check_api_key(rest, usage_identifier_key)
        return rest, context

    def _check_signature(self, rest: RestRequest) -> RestRequest:
        region, now = self._application.region, rest.stamp.at
        problem = signature_problem(
            rest.request, self._context.signing_keys, region=region, now=now
        )
        if problem is not None:
            is_missing = problem.message == MISSING_TOKEN.message
            kind = MISSING_TOKEN.kind if is_missing else ResponseType.INVALID_SIGNATURE
            raise _RefusedError(Refusal(kind, problem.message, problem.error_type))
        signer = Signer.from_request(rest.request, self._application)
        return replace(rest, caller=signer.identity())

    async def _check_token(self, authorizer: RestAuthorizer, rest: RestRequest) -> Authorization:
        identity = authorizers.identity_of(authorizer, rest)
        if isinstance(identity, Refusal):
            raise _RefusedError(identity)
        token, problems = bare_token(identity[0]), []
        for pool in authorizer.user_pools:
            region = pool.partition("_")[0]
            issuer = f"https://cognito-idp.{region}.amazonaws.com/{pool}"
            try:
                claims = await self._context.issuers.claims(token, issuer, rest.stamp.at)
                check_claims(claims, issuer=issuer, audience=(), now=rest.stamp.at / 1000)
            except TokenError as error:
                problems.append(str(error))
                continue
            if (refusal := authorizers.cognito_refusal(claims, rest.method.scopes)) is not None:
                raise _RefusedError(refusal)
            return authorizers.cognito_context(claims)
        cause = "; ".join(problems)
        if "the token has expired" in problems:
            kind = ResponseType.EXPIRED_TOKEN
            raise _RefusedError(Refusal(kind, "The incoming token has expired", cause))
        raise _RefusedError(Refusal(UNAUTHORIZED.kind, UNAUTHORIZED.message, cause))

    async def _ask(
        self, authorizer: RestAuthorizer, rest: RestRequest
    ) -> tuple[AuthorizerResult, int]:
        """The answer of a Lambda authorizer, perhaps a kept one, and how long it took."""
        identity = authorizers.identity_of(authorizer, rest)
        if isinstance(identity, Refusal):
            raise _RefusedError(identity)
        key = (authorizer.logical_id, identity)
        if identity and (kept := self._cache.get(key, rest.stamp.at)) is not None:
            return kept, 0
        event = authorizers.authorizer_event(authorizer, rest, identity)
        seconds = authorizers.TIMEOUT
        call = self._context.invocations.call
        invocation = await call(authorizer.function, event, seconds)
        answer = invocation.result if invocation is not None else TimedOut(seconds)
        result = authorizers.result_of(answer)
        at = self._context.clock.now()
        self._record_authorizer(authorizer, invocation, result, at)
        if isinstance(result, Refusal):
            raise _RefusedError(result)
        if identity:
            self._cache.put(key, result, at=at, ttl=authorizer.ttl)
        return result, at - rest.stamp.at

    def _check_api_key(self, rest: RestRequest, usage_identifier_key: str | None) -> RestRequest:
        plans = self._usage_plans
        key = plans.key_of(rest.request.headers, usage_identifier_key)
        if key is None:
            kind = ResponseType.INVALID_API_KEY
            raise _RefusedError(Refusal(kind, "Forbidden", plans.refusal_cause()))
        if (problem := plans.limit_problem(key, rest.stamp.at)) is not None:
            is_quota = problem == LIMIT_EXCEEDED
            kind = ResponseType.QUOTA_EXCEEDED if is_quota else ResponseType.THROTTLED
            raise _RefusedError(Refusal(kind, problem, "refused by the usage plan"))
        caller = (*rest.caller, ("apiKey", key.value), ("apiKeyId", key.key_id))
        return replace(rest, caller=caller)

    async def _integrate(
        self, rest: RestRequest, authorization: Authorization
    ) -> tuple[Response, Invocation | None]:
        if (validation := rest.method.validation) is not None:
            refusal = validation_refusal(validation, rest.request)
            if refusal is not None:
                raise _RefusedError(refusal)
        match rest.method.integration:
            case MockIntegration() as mock:
                return mock_response(mock, rest.request), None
            case LambdaIntegration(function=function, timeout=timeout):
                event = proxy_event(rest, authorization)
                invocation = await self._context.invocations.call(function, event, timeout)
                result = invocation.result if invocation is not None else TimedOut(timeout)
                types = self._api.binary_media_types
                response = proxy_response(result, rest.request, types)
                if isinstance(response, Refusal):
                    raise _RefusedError(response, invocation)
                return response, invocation
            case unserved:
                raise _RefusedError(bad_gateway(unserved.cause))

    def _plain_http_notice(self, response: Response) -> str | None:
        """What there is to say, once, about cookies that lose `Secure`."""
        if self._has_said_plain or for_plain_http(response) is response:
            return None
        self._has_said_plain = True
        return PLAIN_HTTP_NOTICE

    def _record(
        self,
        request: Request,
        response: Response,
        invocation: Invocation | None,
        detail: str | None,
    ) -> None:
        self._context.observe(
            ApiRecord.from_invocation(
                invocation,
                at=self._context.clock.now(),
                api="rest",
                route_key=f"{request.method} {request.path}",
                outcome=str(response.status),
                detail=detail,
                problem=response.status >= 500,
            )
        )

    def _record_authorizer(
        self,
        authorizer: RestAuthorizer,
        invocation: Invocation | None,
        result: AuthorizerResult | Refusal,
        at: int,
    ) -> None:
        refusal = result if isinstance(result, Refusal) else None
        self._context.observe(
            ApiRecord.from_invocation(
                invocation,
                at=at,
                api="rest",
                route_key="authorizer",
                outcome=str(refusal.status) if refusal is not None else "ok",
                function=authorizer.function,
                detail=refusal.cause if refusal is not None else None,
                problem=refusal is not None and refusal.status >= 500,
            )
        )
