"""The management API during a replay: it answers without connections."""

from urllib.parse import unquote

from local_gateway.core import management
from local_gateway.core.http import Request, Response
from local_gateway.recording.expected_calls import (
    BAD_REQUEST,
    GONE,
    LIMITED,
    NO_CONTENT,
    OK,
    TOO_LARGE,
    ExpectedCalls,
)
from local_gateway.server.websocket_stage import MANAGEMENT_SEGMENT

_ANSWERS = {
    OK: management.OK,
    NO_CONTENT: management.DELETED,
    GONE: management.GONE,
    TOO_LARGE: management.PAYLOAD_TOO_LARGE,
    LIMITED: management.LIMIT_EXCEEDED,
}


class ReplayServer:
    """Answers `/{stage}/@connections/{id}` from `calls`, and everything else with 403."""

    def __init__(self, calls: ExpectedCalls, stages: frozenset[str]) -> None:
        self._calls = calls
        self._stages = stages

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        path = request.path.removeprefix("/").split("/")
        if len(path) != 3 or unquote(path[1]) != MANAGEMENT_SEGMENT:
            return management.forbidden()
        if unquote(path[0]) not in self._stages:
            return management.forbidden()
        return self._answer(request, unquote(path[2]))

    def _answer(self, request: Request, connection_id: str) -> Response:
        if not management.is_signed(request):
            return management.forbidden(management.MISSING_TOKEN)
        status = self._calls.answer(request.method, connection_id, request.body)
        if status == OK and request.method == "GET":
            # There is no connection to describe, so every answer is the same.
            return management.description(0, 0, "127.0.0.1", None)
        if status == BAD_REQUEST:
            return management.malformed(connection_id)
        return _ANSWERS.get(status) or management.forbidden(management.MISSING_TOKEN)
