"""One port: which API a request belongs to, by its path."""

from collections.abc import Mapping
from urllib.parse import unquote

from local_gateway.core import management
from local_gateway.core.http import Request, Response
from local_gateway.records import ApiRecord, Observe
from local_gateway.server.http_api import HttpApiServer
from local_gateway.server.interfaces import ClockAndIds
from local_gateway.server.protocol import Answer, Handler
from local_gateway.server.responses import json_message
from local_gateway.server.rest_api import RestApiServer
from local_gateway.server.websocket_stage import (
    MANAGEMENT_SEGMENT,
    WebSocketStageServer,
    is_upgrade,
    with_request_id,
)

AWS_DOMAIN = ".execute-api."


class Router:
    """Sends `/{stage}` to its WebSocket or REST API, everything else to the HTTP API, if any.

    A path that belongs to nothing is answered 403 `Forbidden`, as API Gateway answers for a
    stage that does not exist. A mounted handler comes before the HTTP API's routes, but not
    before a stage of the same name: the template is served as it is on AWS.
    """

    def __init__(self, clock: ClockAndIds, observe: Observe) -> None:
        self._clock = clock
        self._observe = observe
        self._stages: Mapping[str, WebSocketStageServer] = {}
        self._rest_stages: Mapping[str, RestApiServer] = {}
        self._http_api: HttpApiServer | None = None
        self._mounted: dict[str, Handler] = {}

    def mount(self, segment: str, handler: Handler) -> None:
        """Answer `/segment` and what is below it by `handler`, except WebSockets."""
        self._mounted[segment] = handler

    def serve(
        self,
        stages: Mapping[str, WebSocketStageServer],
        http_api: HttpApiServer | None,
        rest_stages: Mapping[str, RestApiServer],
    ) -> None:
        """From now on, these are the APIs of the port; stages by name."""
        self._stages = stages
        self._rest_stages = rest_stages
        self._http_api = http_api

    async def handle(self, request: Request) -> Answer:
        """Answer one request."""
        first, _, rest = request.path.removeprefix("/").partition("/")
        stage = self._stages.get(unquote(first))
        if stage is not None and not _is_for_another_api(request, stage):
            return await self._handle_in(stage, request, rest)
        rest_stage = self._rest_stages.get(unquote(first))
        if rest_stage is not None and not is_upgrade(request):
            if _is_for_another_api(request, rest_stage):
                return json_message(403, "Forbidden")
            return await rest_stage.handle(request)
        mounted = self._mounted.get(first)
        if mounted is not None and not is_upgrade(request) and not self._is_http_stage(first):
            return await mounted(request)
        if _is_management(first) or _is_management(rest):
            return self._foreign_management_call(request)
        if self._http_api is not None and not is_upgrade(request):
            return await self._http_api.handle(request)
        if _has_management_segment(rest):
            return self._foreign_management_call(request)
        return json_message(403, "Forbidden")

    async def _handle_in(self, stage: WebSocketStageServer, request: Request, rest: str) -> Answer:
        """Answer a request to a WebSocket API's stage; `rest` is the path below it."""
        if not rest:
            return await stage.upgrade(request)
        if not _is_management(rest):
            if _has_management_segment(rest):
                return self._foreign_management_call(request)
            return json_message(403, "Forbidden")
        connection = rest.partition("/")[2]
        if connection and "/" not in connection:
            return stage.manage(request, connection)
        return self._foreign_management_call(request)

    def _is_http_stage(self, name: str) -> bool:
        return self._http_api is not None and name in self._http_api.stage_names()

    def _foreign_management_call(self, request: Request) -> Response:
        """403 for `@connections` of a stage that does not exist here, or without a connection."""
        stamp, response = self._clock.stamp(), management.forbidden()
        record = ApiRecord(
            at=stamp.at,
            api="management",
            route_key=f"{request.method} {MANAGEMENT_SEGMENT}",
            outcome=str(response.status),
            detail=f"{request.path} is not /STAGE/{MANAGEMENT_SEGMENT}/CONNECTION of a stage here",
            problem=True,
        )
        self._observe(record)
        return with_request_id(response, stamp)


def _is_for_another_api(request: Request, stage: WebSocketStageServer | RestApiServer) -> bool:
    """Whether the host names an API as on AWS, where an API's name leads to its own stages."""
    host = (request.headers.get("host") or "").lower()
    return AWS_DOMAIN in host and host.partition(":")[0] != stage.domain_name


def _has_management_segment(path: str) -> bool:
    return any(unquote(segment) == MANAGEMENT_SEGMENT for segment in path.split("/"))


def _is_management(rest: str) -> bool:
    """Whether a path begins as one of the management API."""
    return unquote(rest.partition("/")[0]) == MANAGEMENT_SEGMENT
