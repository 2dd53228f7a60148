"""What a template describes, as typed values: functions, WebSocket APIs and HTTP APIs.

Durations are seconds. A function is referred to by its logical id, the key of
`Application.functions`; every intrinsic is resolved before these values are made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from local_gateway.core.event_sources.model import EventRule, QueueMapping, Schedule
from local_gateway.core.websocket.integration import Integration

DEFAULT_INTEGRATION_TIMEOUT = 29.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer's content as found on disk, before or after `sam build`.

    `path` is the layer's content directory; `source_roots` are the directories that the runtime
    puts on `sys.path` for it (`python/` of a built layer, the content directory of an unbuilt one).
    """

    logical_id: str
    path: Path
    source_roots: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaFunction:
    """An `AWS::Lambda::Function` with everything its execution environments need."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AsynchronousInvocation:
    """How a function's asynchronous invocations are repeated; `maximum_age` is seconds.

    What fails in the end goes to `dead_letter_queue_url`, if there is one.
    """

    maximum_retries: int = 2
    maximum_age: int = 6 * 60 * 60
    dead_letter_queue_url: str | None = None


class AuthorizationType(StrEnum):
    """`AuthorizationType` of a route."""

    NONE = "NONE"
    CUSTOM = "CUSTOM"
    AWS_IAM = "AWS_IAM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizer:
    """A REQUEST authorizer; `identity_sources` are expressions such as `route.request.header.X`."""

    logical_id: str
    name: str
    function: str
    identity_sources: tuple[str, ...] = ()


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
    two_way: bool = False
    model_selection_expression: str | None = None
    request_models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """A token bucket: `rate` requests a second, `burst` at once."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketStage:
    """A stage of a WebSocket API; `throttles` holds per-route settings by route key."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    default_throttle: Throttle | None = None
    throttles: Mapping[str, Throttle] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketApi:
    """An `AWS::ApiGatewayV2::Api` with `ProtocolType: WEBSOCKET`; routes by route key."""

    logical_id: str
    api_id: str
    route_selection_expression: str
    routes: Mapping[str, WebSocketRoute]
    stages: tuple[WebSocketStage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """A route of an HTTP API; `route_key` is `$default` or `METHOD /path/{variable}`.

    `authorization_type` is `NONE` or `AWS_IAM`.
    """

    route_key: str
    function: str
    timeout: float = 30.0
    authorization_type: AuthorizationType = AuthorizationType.NONE


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
class HttpStage:
    """A stage of an HTTP API; `$default` is served at `/`, any other at `/name`.

    `throttles` holds per-route settings by route key.
    """

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    default_throttle: Throttle | None = None
    throttles: Mapping[str, Throttle] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi:
    """An `AWS::ApiGatewayV2::Api` with `ProtocolType: HTTP` (payload format 2.0)."""

    logical_id: str
    api_id: str
    routes: tuple[HttpRoute, ...]
    stages: tuple[HttpStage, ...]
    cors: Cors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Everything the local gateway serves, read from one template.

    `asynchronous` has the functions, by logical id, that differ from the defaults; `resources` the
    physical ids of the data resources.
    """

    stack_name: str
    account_id: str
    region: str
    partition: str
    functions: Mapping[str, LambdaFunction]
    websocket_apis: tuple[WebSocketApi, ...]
    http_apis: tuple[HttpApi, ...]
    outputs: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    queue_mappings: tuple[QueueMapping, ...] = ()
    event_rules: tuple[EventRule, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    asynchronous: Mapping[str, AsynchronousInvocation] = field(default_factory=dict)
