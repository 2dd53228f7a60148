"""The JSON answers that API Gateway gives by itself."""

import json
from collections.abc import Mapping

from aiohttp import web


def json_message(
    status: int, message: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    """`{"message": …}` with a status."""
    body = json.dumps({"message": message}, ensure_ascii=False)
    return web.Response(
        status=status, text=body, content_type="application/json", headers=dict(headers or {})
    )
