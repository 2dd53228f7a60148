"""A stage of a WebSocket API with what its connections share: routing, throttles, limits."""

from local_gateway.core.limits import Limits
from local_gateway.core.model import WebSocketApi, WebSocketStage
from local_gateway.core.throttling import RouteThrottles
from local_gateway.core.websocket.route_selection import RouteSelection, choose_route


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
        self._throttles = RouteThrottles(settings.default_throttle, settings.throttles)

    @property
    def name(self) -> str:
        """The stage name, also the first segment of its path."""
        return self.settings.name

    def route_key(self, body: str) -> str | None:
        """The key of the route that a message runs, or `None` when there is none for it."""
        return choose_route(self.api, self._selection, body)

    def admits(self, route_key: str, at: int) -> bool:
        """Take a token for one request on a route; false when the route is throttled."""
        return self._throttles.admits(route_key, at)
