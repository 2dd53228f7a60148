"""What a template describes, as typed values: functions and WebSocket, HTTP and REST APIs.

Durations are seconds. A function is referred to by its logical id, the key of
`Application.functions`; every intrinsic is resolved before these values are made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from local_gateway.core.event_sources.model import (
    Destination,
    EventRule,
    QueueMapping,
    Schedule,
    StreamMapping,
)
from local_gateway.core.websocket.integration import Integration

DEFAULT_INTEGRATION_TIMEOUT = 29.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer's content as found on disk, before or after `sam build`.

    `path` is the layer's content directory, and `mount` its path on Lambda: `/opt`, or below that
    what a build will make of it. `source_roots` are the directories that the runtime puts on
    `sys.path` (`python/` of a built layer, the content directory of an unbuilt one).
    """

    logical_id: str
    path: Path
    source_roots: tuple[Path, ...]
    mount: str = "/opt"


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaFunction:
    """An `AWS::Lambda::Function` with everything its execution environments need.

    `logging` are the variables that say how the runtime logs. `build` is the `Metadata` that
    `sam build` follows. `node_modules` are directories with packages that were installed for the
    function, and `has_source_maps` says that its code is a bundle.
    """

    logical_id: str
    name: str
    arn: str
    runtime: str
    handler: str
    code: Path
    timeout: float
    memory_size: int
    layers: tuple[Layer, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    reserved_concurrency: int | None = None
    logging: Mapping[str, str] = field(default_factory=dict)
    build: Mapping[str, Any] = field(default_factory=dict)
    node_modules: tuple[Path, ...] = ()
    has_source_maps: bool = False
    stops_recursive_loops: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AsynchronousInvocation:
    """How a function's asynchronous invocations are repeated; `maximum_age` is seconds.

    An event that fails in the end goes to `dead_letters`, a queue or topic; `on_success` and
    `on_failure` get a record about each event.
    """

    maximum_retries: int = 2
    maximum_age: int = 6 * 60 * 60
    dead_letters: Destination | None = None
    on_success: Destination | None = None
    on_failure: Destination | None = None


class AuthorizationType(StrEnum):
    """`AuthorizationType` of a route."""

    NONE = "NONE"
    CUSTOM = "CUSTOM"
    AWS_IAM = "AWS_IAM"
    JWT = "JWT"
    COGNITO_USER_POOLS = "COGNITO_USER_POOLS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizer:
    """A REQUEST authorizer; `identity_sources` are expressions such as `route.request.header.X`."""

    logical_id: str
    name: str
    function: str
    identity_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """A token bucket: `rate` requests a second, `burst` at once."""

    rate: float
    burst: int


class ApiKeySource(StrEnum):
    """Where an API takes the API key of a request from."""

    HEADER = "HEADER"
    AUTHORIZER = "AUTHORIZER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many requests a usage plan allows in a `DAY`, `WEEK` or `MONTH`."""

    limit: int
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An enabled API key, with the limits of the usage plan that lets it into a stage."""

    key_id: str
    value: str
    throttle: Throttle | None = None
    quota: Quota | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketRoute:
    """A route key and the integration behind it.

    `two_way` is true only when the route has a response selection expression *and* a
    RouteResponse resource. `request_models` maps model keys to JSON schemas (draft 4).
    """

    route_key: str
    integration: Integration
    timeout: float = DEFAULT_INTEGRATION_TIMEOUT
    authorization_type: AuthorizationType = AuthorizationType.NONE
    authorizer: Authorizer | None = None
    api_key_required: bool = False
    two_way: bool = False
    model_selection_expression: str | None = None
    request_models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiStage:
    """A stage of an API; `throttles` holds settings by route key, or by `METHOD /resource`."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    default_throttle: Throttle | None = None
    throttles: Mapping[str, Throttle] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketStage(ApiStage):
    """A stage of a WebSocket API; `api_keys` are those that a usage plan lets in."""

    api_keys: tuple[ApiKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketApi:
    """An `AWS::ApiGatewayV2::Api` with `ProtocolType: WEBSOCKET`; routes by route key."""

    logical_id: str
    api_id: str
    route_selection_expression: str
    routes: Mapping[str, WebSocketRoute]
    stages: tuple[WebSocketStage, ...]
    api_key_source: ApiKeySource = ApiKeySource.HEADER


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAuthorizer:
    """A JWT authorizer of an HTTP API; `identity_source` is one such as `$request.header.X`."""

    name: str
    identity_source: str
    issuer: str
    audience: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLambdaAuthorizer:
    """A Lambda authorizer of an HTTP API; `ttl` is the seconds that it keeps an answer.

    With `simple_responses` it answers `{"isAuthorized": …}`, else with a policy.
    """

    name: str
    function: str
    identity_sources: tuple[str, ...] = ()
    payload_format_version: str = "2.0"
    simple_responses: bool = False
    ttl: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """A route of an HTTP API; `route_key` is `$default` or `METHOD /path/{variable}`.

    `payload_format_version` is that of the function's events, 1.0 or 2.0. A token needs one of
    `scopes`, if there are any.
    """

    route_key: str
    function: str
    payload_format_version: str = "2.0"
    timeout: float = 30.0
    authorization_type: AuthorizationType = AuthorizationType.NONE
    authorizer: JwtAuthorizer | HttpLambdaAuthorizer | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """`CorsConfiguration` of an HTTP API."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpStage(ApiStage):
    """A stage of an HTTP API; `$default` is served at `/`, any other at `/name`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi:
    """An `AWS::ApiGatewayV2::Api` with `ProtocolType: HTTP` (payload format 2.0)."""

    logical_id: str
    api_id: str
    routes: tuple[HttpRoute, ...]
    stages: tuple[HttpStage, ...]
    cors: Cors | None = None


class RestAuthorizerKind(StrEnum):
    """`Type` of an `AWS::ApiGateway::Authorizer`."""

    TOKEN = "TOKEN"  # noqa: S105 - a type of authorizer
    REQUEST = "REQUEST"
    COGNITO_USER_POOLS = "COGNITO_USER_POOLS"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAuthorizer:
    """An authorizer of a REST API; `ttl` is the seconds that it keeps an answer.

    `identity_sources` are expressions such as `method.request.header.X`. A TOKEN authorizer looks
    at `validation_expression` before it invokes its function. `user_pools` are the ids of the pools
    whose tokens a Cognito authorizer accepts.
    """

    logical_id: str
    name: str
    kind: RestAuthorizerKind
    function: str = ""
    identity_sources: tuple[str, ...] = ()
    validation_expression: str | None = None
    ttl: int = 300
    user_pools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaIntegration:
    """A Lambda proxy integration of a REST API."""

    function: str
    timeout: float = DEFAULT_INTEGRATION_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class MockIntegration:
    """A MOCK integration with a fixed answer, as CORS preflights get it.

    An `Origin` that matches one of `origins`, which are regular expressions, becomes the value of
    `Access-Control-Allow-Origin`.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnservedIntegration:
    """An integration that is not served here; `cause` says which."""

    cause: str


type RestIntegration = LambdaIntegration | MockIntegration | UnservedIntegration


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestValidation:
    """What a method looks at before it lets a request through.

    `parameters` are those that a request needs, such as `method.request.querystring.page`; `models`
    are JSON schemas (draft 4) for the body by content type.
    """

    parameters: tuple[str, ...] = ()
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestMethod:
    """A method, or `ANY`, of a resource of a REST API, such as `/pets/{id}`."""

    http_method: str
    resource: str
    integration: RestIntegration
    authorization_type: AuthorizationType = AuthorizationType.NONE
    authorizer: RestAuthorizer | None = None
    scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    validation: RequestValidation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayResponse:
    """What a template changes in a response that the API gives by itself.

    `headers` hold values such as `'text'` or `method.request.header.Origin`; `template` is the
    body for `application/json`.
    """

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    template: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestStage(ApiStage):
    """A stage of a REST API, served at `/name`.

    `throttles` holds settings by `METHOD /resource`, where both may be `*`.
    """

    api_keys: tuple[ApiKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RestApi:
    """An `AWS::ApiGateway::RestApi` (payload format 1.0); gateway responses by response type."""

    logical_id: str
    api_id: str
    methods: tuple[RestMethod, ...]
    stages: tuple[RestStage, ...]
    binary_media_types: tuple[str, ...] = ()
    api_key_source: ApiKeySource = ApiKeySource.HEADER
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Everything the local gateway serves, read from one template.

    `asynchronous` has the functions, by logical id, that differ from the defaults; `qualifiers`
    the aliases and versions of functions, with the version that each means; `resources` the
    physical ids of the data resources.
    """

    stack_name: str
    account_id: str
    region: str
    partition: str
    functions: Mapping[str, LambdaFunction]
    websocket_apis: tuple[WebSocketApi, ...]
    http_apis: tuple[HttpApi, ...]
    rest_apis: tuple[RestApi, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    queue_mappings: tuple[QueueMapping, ...] = ()
    stream_mappings: tuple[StreamMapping, ...] = ()
    event_rules: tuple[EventRule, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    asynchronous: Mapping[str, AsynchronousInvocation] = field(default_factory=dict)
    qualifiers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
