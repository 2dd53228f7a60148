"""The APIs that the gateway under test serves: one stage for each situation."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_gateway.core.model import (
    ApiKey,
    Application,
    AuthorizationType,
    Authorizer,
    Cors,
    GatewayResponse,
    HttpApi,
    HttpRoute,
    HttpStage,
    LambdaFunction,
    LambdaIntegration,
    MockIntegration,
    RequestValidation,
    RestApi,
    RestAuthorizer,
    RestAuthorizerKind,
    RestMethod,
    RestStage,
    Throttle,
    UnservedIntegration,
    WebSocketApi,
    WebSocketRoute,
    WebSocketStage,
)
from local_gateway.core.websocket.integration import LambdaProxy
from local_gateway.core.websocket.stage import Limits

REGION = "eu-central-1"
ACCOUNT = "123456789012"
FUNCTIONS = Path(__file__).parent / "functions"
API_KEY = "a-key-of-more-than-20"
ORIGIN = "https://app.example"

LIMITS: Mapping[str, Limits] = {
    "idle": Limits(idle_ms=50),
    "aged": Limits(age_ms=100),
    "choked": Limits(buffered_bytes=128 * 1024),
}

_NO_MORE = Throttle(rate=0, burst=0)
_SCHEMA = {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}}


def application(runtime: str = "python3.13") -> Application:
    """Everything the tests talk to, with functions of a runtime."""
    return Application(
        stack_name="tests",
        account_id=ACCOUNT,
        region=REGION,
        partition="aws",
        functions={function.logical_id: function for function in _functions(runtime)},
        websocket_apis=(_main_api(), _authorized_api(), _routing_api(), *_guarded_apis()),
        http_apis=(_http_api(),),
        rest_apis=(_rest_api(),),
    )


def _functions(runtime: str) -> list[LambdaFunction]:
    message = _function("Message", "message", runtime)
    return [
        _function("Authorize", "authorize", runtime),
        _function("Connect", "connect", runtime),
        _function("Disconnect", "disconnect", runtime),
        _function("Http", "http", runtime),
        _function("HttpAuthorize", "http_authorize", runtime),
        _function("Rest", "rest", runtime),
        _function("RestAuthorize", "rest_authorize", runtime),
        message,
        dataclasses.replace(message, logical_id="Single", reserved_concurrency=1),
    ]


def _function(logical_id: str, handler: str, runtime: str) -> LambdaFunction:
    return LambdaFunction(
        logical_id=logical_id,
        name=f"tests-{logical_id}",
        arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:tests-{logical_id}",
        runtime=runtime,
        handler=f"handlers.{handler}",
        code=FUNCTIONS,
        timeout=20.0,
        memory_size=256,
    )


def _routes(*routes: WebSocketRoute) -> dict[str, WebSocketRoute]:
    return {route.route_key: route for route in routes}


def _main_api() -> WebSocketApi:
    return WebSocketApi(
        logical_id="MainApi",
        api_id="main123456",
        route_selection_expression="$request.body.action",
        routes=_routes(
            WebSocketRoute(route_key="$connect", integration=LambdaProxy("Connect"), timeout=5.0),
            WebSocketRoute(route_key="$disconnect", integration=LambdaProxy("Disconnect")),
            WebSocketRoute(route_key="$default", integration=LambdaProxy("Message")),
            WebSocketRoute(route_key="ask", integration=LambdaProxy("Message"), two_way=True),
            WebSocketRoute(route_key="impatient", integration=LambdaProxy("Message"), timeout=0.1),
            WebSocketRoute(route_key="single", integration=LambdaProxy("Single")),
            WebSocketRoute(route_key="throttled", integration=LambdaProxy("Message")),
            WebSocketRoute(
                route_key="strict",
                integration=LambdaProxy("Message"),
                two_way=True,
                model_selection_expression="$request.body.model",
                request_models={"sized": _SCHEMA},
            ),
        ),
        stages=(
            WebSocketStage(name="dev", throttles={"throttled": _NO_MORE}),
            WebSocketStage(name="variables", variables={"colour": "blue"}),
            WebSocketStage(name="full", throttles={"$connect": _NO_MORE}),
            *(WebSocketStage(name=name, throttles={"throttled": _NO_MORE}) for name in LIMITS),
        ),
    )


def _authorized_api() -> WebSocketApi:
    authorizer = Authorizer(
        logical_id="Authorizer",
        name="by-token",
        function="Authorize",
        identity_sources=("route.request.querystring.token", "route.request.header.Auth"),
    )
    return WebSocketApi(
        logical_id="AuthorizedApi",
        api_id="auth123456",
        route_selection_expression="$request.body.action",
        routes=_routes(
            WebSocketRoute(
                route_key="$connect",
                integration=LambdaProxy("Connect"),
                authorization_type=AuthorizationType.CUSTOM,
                authorizer=authorizer,
            ),
            WebSocketRoute(route_key="$disconnect", integration=LambdaProxy("Disconnect")),
            WebSocketRoute(route_key="$default", integration=LambdaProxy("Message")),
        ),
        stages=(WebSocketStage(name="authorized"),),
    )


def _routing_api() -> WebSocketApi:
    """No `$connect`, no `$disconnect`, no `$default`; every route answers."""
    keys = ("join-", "[red, blue]-", "Send-")
    return WebSocketApi(
        logical_id="RoutingApi",
        api_id="rout123456",
        route_selection_expression="${request.body.a}-${request.body.deep.b}",
        routes=_routes(
            *(
                WebSocketRoute(route_key=key, integration=LambdaProxy("Message"), two_way=True)
                for key in keys
            )
        ),
        stages=(WebSocketStage(name="routing"),),
    )


def _guarded_apis() -> tuple[WebSocketApi, ...]:
    """Stages whose `$connect` wants a signature (`iam`) or an API key (`keyed`)."""
    api_keys = (ApiKey(key_id="key1234567", value=API_KEY),)
    return (
        WebSocketApi(
            logical_id="SignedApi",
            api_id="sign123456",
            route_selection_expression="$request.body.action",
            routes=_routes(
                WebSocketRoute(
                    route_key="$connect",
                    integration=LambdaProxy("Connect"),
                    authorization_type=AuthorizationType.AWS_IAM,
                ),
            ),
            stages=(WebSocketStage(name="iam"),),
        ),
        WebSocketApi(
            logical_id="KeyedApi",
            api_id="keyd123456",
            route_selection_expression="$request.body.action",
            routes=_routes(
                WebSocketRoute(
                    route_key="$connect",
                    integration=LambdaProxy("Connect"),
                    api_key_required=True,
                ),
            ),
            stages=(WebSocketStage(name="keyed", api_keys=api_keys),),
        ),
    )


def _http_api() -> HttpApi:
    return HttpApi(
        logical_id="HttpApi",
        api_id="http123456",
        routes=(
            HttpRoute(
                route_key="POST /signed",
                function="Http",
                authorization_type=AuthorizationType.AWS_IAM,
            ),
            HttpRoute(route_key="GET /old", function="Rest", payload_format_version="1.0"),
            *_open_routes(),
        ),
        stages=(
            HttpStage(name="$default"),
            HttpStage(name="v1", variables={"colour": "blue"}),
            HttpStage(name="crowded", throttles={"POST /echo": _NO_MORE, "POST /signed": _NO_MORE}),
        ),
        cors=Cors(allow_origins=(ORIGIN,), allow_methods=("GET",), allow_credentials=True),
    )


def _open_routes() -> tuple[HttpRoute, ...]:
    return tuple(
        HttpRoute(route_key=key, function="Http", timeout=timeout)
        for key, timeout in (
            ("GET /echo/{name}", 5.0),
            ("POST /echo", 5.0),
            ("GET /cookies", 5.0),
            ("GET /malformed", 5.0),
            ("GET /hold", 0.1),
        )
    )


def _rest_api() -> RestApi:
    """The stage `rest`; the path of a method says what is special about it."""
    token, request = (
        RestAuthorizer(
            logical_id=f"{kind}Authorizer",
            name=kind,
            kind=kind,
            function="RestAuthorize",
            identity_sources=("method.request.header.Authorization",),
        )
        for kind in (RestAuthorizerKind.TOKEN, RestAuthorizerKind.REQUEST)
    )
    fresh = dataclasses.replace(request, logical_id="Fresh", ttl=0)
    custom = AuthorizationType.CUSTOM
    return RestApi(
        logical_id="RestApi",
        api_id="rest123456",
        methods=(
            _rest_method("ANY /{proxy+}"),
            _rest_method("GET /"),
            _rest_method("GET /pets/{id}"),
            _rest_method("GET /hold", timeout=0.1),
            _rest_method("GET /throttled"),
            _rest_method("POST /strict", validation=_VALIDATION),
            _rest_method("GET /iam", authorization_type=AuthorizationType.AWS_IAM),
            _rest_method("GET /keyed", api_key_required=True),
            _rest_method("GET /token", authorization_type=custom, authorizer=token),
            _rest_method("GET /request", authorization_type=custom, authorizer=request),
            _rest_method("PUT /request", authorization_type=custom, authorizer=request),
            _rest_method("GET /fresh", authorization_type=custom, authorizer=fresh),
            dataclasses.replace(
                _rest_method("OPTIONS /pets/{id}"),
                integration=MockIntegration(
                    status=204, headers=(("Access-Control-Allow-Origin", ORIGIN),), body=""
                ),
            ),
            dataclasses.replace(
                _rest_method("GET /unserved"),
                integration=UnservedIntegration(cause="the integration HTTP is not served"),
            ),
        ),
        stages=(
            RestStage(
                name="rest",
                variables={"colour": "blue"},
                throttles={"GET /throttled": _NO_MORE},
                api_keys=(ApiKey(key_id="key1234567", value=API_KEY),),
            ),
        ),
        binary_media_types=("image/png",),
        gateway_responses={
            "DEFAULT_4XX": GatewayResponse(headers=(("X-Refused", "'yes'"),)),
        },
    )


_VALIDATION = RequestValidation(
    parameters=("method.request.querystring.q",), models={"application/json": _SCHEMA}
)


def _rest_method(key: str, *, timeout: float = 5.0, **changes: Any) -> RestMethod:
    http_method, resource = key.split(" ")
    return RestMethod(
        http_method=http_method,
        resource=resource,
        integration=LambdaIntegration(function="Rest", timeout=timeout),
        **changes,
    )
