"""What a Lambda proxy integration of a WebSocket route answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_gateway.core.http import Headers
from local_gateway.core.invocation import InvocationResult, Succeeded


@dataclass(frozen=True, slots=True)
class ProxyResponse:
    """A usable answer: an object with an integer `statusCode`."""

    status: int
    answer: Mapping[str, Any]

    @property
    def body(self) -> str | None:
        """The text of the answer's body, if it has one; JSON for anything but text."""
        value = self.answer.get("body")
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False)

    @property
    def headers(self) -> Headers:
        """The last value of each header."""
        headers: dict[str, str] = {}
        multiple, single = self.answer.get("multiValueHeaders"), self.answer.get("headers")
        if isinstance(multiple, dict):
            for name, values in multiple.items():
                if isinstance(values, list) and values:
                    headers[name] = str(values[-1])
        if isinstance(single, dict):
            headers.update(
                (name, str(value)) for name, value in single.items() if value is not None
            )
        return Headers(headers.items())

    @property
    def accepts(self) -> bool:
        """Whether a `$connect` answer lets the client in (any 2xx)."""
        return 200 <= self.status < 300


def proxy_response(result: InvocationResult) -> ProxyResponse | None:
    """The answer in `result`; `None` for a failure or a shape that API Gateway cannot use.

    A handler that returns nothing is the common case of the latter: on AWS the client then gets
    the `Internal server error` frame.
    """
    if not isinstance(result, Succeeded):
        return None
    try:
        answer = json.loads(result.payload)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    status = _status(answer.get("statusCode"))
    if status is None:
        return None
    return ProxyResponse(status, answer)


def _status(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and 100 <= value <= 599 else None
