"""One origin: which API a request belongs to, by its path."""

from collections.abc import Mapping
from urllib.parse import unquote

from aiohttp import web

from local_gateway.server.http_api import HttpApiServer
from local_gateway.server.responses import json_message
from local_gateway.server.upgrade import is_upgrade
from local_gateway.server.websocket_api import MANAGEMENT_SEGMENT, WebSocketStageServer


class Dispatcher:
    """Sends `/{stage}` to its WebSocket API and everything else to the HTTP API, if any.

    A path that belongs to nothing is answered 403 `Forbidden`, as API Gateway answers for a
    stage that does not exist.
    """

    def __init__(self) -> None:
        self._stages: Mapping[str, WebSocketStageServer] = {}
        self._http_api: HttpApiServer | None = None

    def serve(
        self, stages: Mapping[str, WebSocketStageServer], http_api: HttpApiServer | None
    ) -> None:
        """From now on, these are the APIs of the origin; stages by name."""
        self._stages = stages
        self._http_api = http_api

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        raw_path = request.rel_url.raw_path
        first, _, rest = raw_path.removeprefix("/").partition("/")
        stage = self._stages.get(unquote(first))
        if stage is not None:
            return await self._in_stage(stage, request, rest)
        if self._http_api is not None and not is_upgrade(request):
            return await self._http_api.handle(request)
        return json_message(403, "Forbidden")

    async def _in_stage(
        self, stage: WebSocketStageServer, request: web.BaseRequest, rest: str
    ) -> web.StreamResponse:
        if not rest:
            return await stage.upgrade(request)
        segment, _, connection = rest.partition("/")
        if unquote(segment) == MANAGEMENT_SEGMENT and connection and "/" not in connection:
            return await stage.manage(request, connection)
        return json_message(403, "Forbidden")
