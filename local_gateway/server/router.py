"""One origin: which API a request belongs to, by its path."""

from collections.abc import Mapping
from urllib.parse import unquote

from aiohttp import web

from local_gateway.core.iam.sigv4 import SignedRequest
from local_gateway.server.http_api import HttpApiServer
from local_gateway.server.interfaces import Sources
from local_gateway.server.management_calls import answer_bytes
from local_gateway.server.protocol import Handler
from local_gateway.server.responses import json_message
from local_gateway.server.upgrade import is_upgrade
from local_gateway.server.websocket_stage import (
    MANAGEMENT_SEGMENT,
    WebSocketStageServer,
    foreign_management_call,
)

AWS_DOMAIN = ".execute-api."


class Dispatcher:
    """Sends `/{stage}` to its WebSocket API and everything else to the HTTP API, if any.

    A path that belongs to nothing is answered 403 `Forbidden`, as API Gateway answers for a
    stage that does not exist. A mounted handler comes before the HTTP API's routes, but not
    before a stage of the same name: the template is served as it is on AWS.
    """

    def __init__(self) -> None:
        self._stages: Mapping[str, WebSocketStageServer] = {}
        self._http_api: HttpApiServer | None = None
        self._mounted: dict[str, Handler] = {}

    def mount(self, segment: str, handler: Handler) -> None:
        """Answer `/segment` and what is below it by `handler`; WebSockets are none of its."""
        self._mounted[segment] = handler

    def serve(
        self, stages: Mapping[str, WebSocketStageServer], http_api: HttpApiServer | None
    ) -> None:
        """From now on, these are the APIs of the origin; stages by name."""
        self._stages = stages
        self._http_api = http_api

    def answer_at_once(self, call: SignedRequest) -> bytes | None:
        """The answer to a management call of a stage here; `None` for one of anything else."""
        first, _, rest = call.path.removeprefix("/").partition("/")
        connections, _, connection = rest.partition("/")
        stage = self._stages.get(unquote(first))
        is_ours = connection and "/" not in connection and _is_management(connections)
        if stage is None or not is_ours or _is_for_another_api(call.header("host"), stage):
            return None
        return answer_bytes(stage.answer(call, connection), Sources().new_id())

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        raw_path = request.rel_url.raw_path
        first, _, rest = raw_path.removeprefix("/").partition("/")
        stage = self._stages.get(unquote(first))
        if stage is not None and not _is_for_another_api(request.host, stage):
            return await self._in_stage(stage, request, rest)
        mounted = self._mounted.get(first)
        if mounted is not None and not is_upgrade(request) and not self._is_http_stage(first):
            return await mounted(request)
        if _is_management(rest):
            return foreign_management_call()
        if self._http_api is not None and not is_upgrade(request):
            return await self._http_api.handle(request)
        return json_message(403, "Forbidden")

    def _is_http_stage(self, name: str) -> bool:
        return self._http_api is not None and name in self._http_api.stage_names()

    async def _in_stage(
        self, stage: WebSocketStageServer, request: web.BaseRequest, rest: str
    ) -> web.StreamResponse:
        if not rest:
            return await stage.upgrade(request)
        if not _is_management(rest):
            return json_message(403, "Forbidden")
        connection = rest.partition("/")[2]
        if connection and "/" not in connection:
            return await stage.manage(request, connection)
        return foreign_management_call()


def _is_for_another_api(host: str, stage: WebSocketStageServer) -> bool:
    """Whether the host names an API as on AWS, where an API's name leads to its own stages."""
    host = host.lower()
    return AWS_DOMAIN in host and host.partition(":")[0] != stage.domain_name


def _is_management(rest: str) -> bool:
    """Whether the path below a stage is one of the management API."""
    return unquote(rest.partition("/")[0]) == MANAGEMENT_SEGMENT
