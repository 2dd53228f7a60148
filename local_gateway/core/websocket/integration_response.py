"""What a Lambda proxy integration of a WebSocket route answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_gateway.core.http import Headers
from local_gateway.core.invocation import MALFORMED_RESPONSE, InvocationResult, Succeeded

_LONGEST_VALUE = 40


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


def proxy_response(result: InvocationResult) -> ProxyResponse | None:
    """The answer in `result`; `None` for a failure or a shape that API Gateway cannot use.

    A handler that returns nothing is the common case of the latter: on AWS the client then gets
    the `Internal server error` frame.
    """
    if not isinstance(result, Succeeded):
        return None
    answer = _answer(result)
    status = _status(answer)
    return ProxyResponse(status, answer) if status is not None else None


def malformed_reason(result: Succeeded) -> str | None:
    """Why API Gateway cannot use what a handler returned; `None` if it can."""
    answer = _answer(result)
    if _status(answer) is not None:
        return None
    return f"{MALFORMED_RESPONSE}: expected an integer statusCode, and {_description(answer)}"


def _answer(result: Succeeded) -> Any:
    """The result as JSON; `...` for what is not JSON."""
    try:
        return json.loads(result.payload)
    except (ValueError, RecursionError):
        return ...


def _description(answer: object) -> str:
    match answer:
        case None:
            return "the function returned nothing"
        case bool():
            return "the function returned a boolean"
        case int() | float():
            return "the function returned a number"
        case str():
            return "the function returned a string"
        case list():
            return "the function returned a list"
        case {"statusCode": status}:
            return f"statusCode is {json.dumps(status)[:_LONGEST_VALUE]}"
        case dict():
            return "the function returned an object without one"
        case _:
            return "the function returned what is not JSON"


def _status(answer: object) -> int | None:
    value = answer.get("statusCode") if isinstance(answer, dict) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and 100 <= value <= 599 else None
