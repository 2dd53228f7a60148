"""The management API during a replay: it answers without connections."""

import json
from urllib.parse import unquote

from aiohttp import web

from local_gateway.core import management
from local_gateway.core.management import ManagementResponse
from local_gateway.core.timestamps import iso_time
from local_gateway.recording.expected_calls import (
    BAD_REQUEST,
    GONE,
    LIMITED,
    NO_CONTENT,
    OK,
    TOO_LARGE,
    ExpectedCalls,
)
from local_gateway.server.responses import json_message
from local_gateway.server.upgrade import header_pairs
from local_gateway.server.websocket_stage import MANAGEMENT_SEGMENT

_ANSWERS = {
    OK: management.ok,
    NO_CONTENT: management.deleted,
    GONE: management.gone,
    TOO_LARGE: management.payload_too_large,
    LIMITED: management.limit_exceeded,
}


class ReplayServer:
    """Answers `/{stage}/@connections/{id}` from `calls`, and everything else with 403."""

    def __init__(self, calls: ExpectedCalls, stages: frozenset[str]) -> None:
        self._calls = calls
        self._stages = stages

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        data = await request.read()
        path = request.rel_url.raw_path.removeprefix("/").split("/")
        if len(path) != 3 or unquote(path[1]) != MANAGEMENT_SEGMENT:
            return json_message(403, "Forbidden")
        if unquote(path[0]) not in self._stages:
            return json_message(403, "Forbidden")
        response = self._answer(request, management.connection_id_of(path[2]), data)
        return web.Response(
            status=response.status, headers=dict(response.headers), body=response.body
        )

    def _answer(
        self, request: web.BaseRequest, connection_id: str, data: bytes
    ) -> ManagementResponse:
        unsigned = management.signature_problem(header_pairs(request), tuple(request.query.items()))
        if unsigned is not None:
            return management.forbidden(unsigned)
        status = self._calls.answer(request.method, connection_id, data)
        if status == OK and request.method == "GET":
            return _description()
        if status == BAD_REQUEST:
            return management.malformed(connection_id)
        answer = _ANSWERS.get(status)
        return answer() if answer else management.forbidden(management.MISSING_TOKEN)


def _description() -> ManagementResponse:
    """There is no connection to describe, so every answer is the same."""
    content = {
        "connectedAt": iso_time(0),
        "identity": {"sourceIp": "127.0.0.1", "userAgent": None},
        "lastActiveAt": iso_time(0),
    }
    headers = (("Content-Type", "application/json"),)
    return ManagementResponse(OK, headers, json.dumps(content).encode())
