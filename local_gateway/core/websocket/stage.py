"""A stage of a WebSocket API with what its connections share: routing, throttles, limits."""

from dataclasses import dataclass, replace
from typing import Self

from local_gateway.core.api_keys import UsagePlans
from local_gateway.core.model import WebSocketApi, WebSocketRoute, WebSocketStage
from local_gateway.core.throttling import RouteThrottles
from local_gateway.core.websocket.route_selection import RouteSelection, choose_route

KIBIBYTE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The quotas that do not depend on the template; sizes in bytes, times in milliseconds.

    Source: developer guide, "Quotas for configuring and running a WebSocket API".
    `buffered_bytes` stands for the unpublished size of the buffer that AWS keeps for a client
    that does not read; beyond it a post is answered 429.
    """

    message_bytes: int = 128 * KIBIBYTE
    frame_bytes: int = 32 * KIBIBYTE
    idle_ms: float = 10 * 60 * 1000
    age_ms: float = 2 * 60 * 60 * 1000
    buffered_bytes: int = 1024 * KIBIBYTE

    def warped(self, factor: float) -> Self:
        """The same limits with the idle and age limits arriving `factor` times sooner."""
        return replace(self, idle_ms=self.idle_ms / factor, age_ms=self.age_ms / factor)


class Stage:
    """One deployed stage; raises `ValueError` for an unusable route selection expression."""

    def __init__(self, api: WebSocketApi, settings: WebSocketStage, limits: Limits) -> None:
        self.limits = limits
        self.redeploy(api, settings)

    def redeploy(self, api: WebSocketApi, settings: WebSocketStage) -> None:
        """Serve another version of the API; open connections meet it with their next message."""
        self.api = api
        self.settings = settings
        self._selection = RouteSelection.parse(api.route_selection_expression)
        self.usage_plans = UsagePlans(settings.api_keys, api.api_key_source)
        self._throttles = RouteThrottles(settings.default_throttle, settings.throttles)
        # Takes a token for one request on a route; false when the route is throttled.
        self.admits = self._throttles.admits

    @property
    def name(self) -> str:
        """The stage name, also the first segment of its path."""
        return self.settings.name

    def route_of(self, body: str) -> WebSocketRoute | None:
        """The route that a message runs; `None` means a `Forbidden` frame."""
        return choose_route(self.api, self._selection, body)
