"""The JSON responses that API Gateway gives by itself."""

import json
from collections.abc import Mapping

from local_gateway.core.http import Headers, Response


def json_message(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """`{"message": …}` with a status."""
    body = json.dumps({"message": message}, ensure_ascii=False).encode(errors="replace")
    typed = ("Content-Type", "application/json; charset=utf-8")
    return Response(status, Headers((typed, *(headers or {}).items())), body)
