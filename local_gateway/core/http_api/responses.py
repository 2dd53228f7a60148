"""What a client of an HTTP API receives for the result of a function.

Source: developer guide, http-api-develop-integrations-lambda ("Lambda function response for
format 2.0"): a result with `statusCode` is a response, any other JSON is the body of a 200.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from local_gateway.core.http import Headers, Response
from local_gateway.core.invocation import MALFORMED_RESPONSE, Failed, InvocationResult, Succeeded

_JSON = "application/json"
_TEXT = "text/plain;charset=UTF-8"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
# A line break in a value would let a function write further headers into the response.
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_SECURE = re.compile(r"\s*;\s*secure\s*(?=;|$)", re.IGNORECASE)
# Browsers refuse these cookies without `Secure`.
_NEEDS_SECURE = re.compile(r"__(secure|host)-|.*;\s*samesite\s*=\s*none\s*(;|$)", re.IGNORECASE)
# The front end frames the response itself.
_FRAMING = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})


class UnusableResponseError(ValueError):
    """The result has the shape of a response but cannot be sent."""


def _message(status: int, message: str) -> Response:
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return Response(status, Headers((("content-type", _JSON),)), body)


UNAUTHORIZED = _message(401, "Unauthorized")
# The route wants a signature and there is none, or a wrong one.
FORBIDDEN = _message(403, "Forbidden")
NOT_FOUND = _message(404, "Not Found")
TOO_MANY_REQUESTS = _message(429, "Too Many Requests")
# The function failed or its response cannot be sent.
INTERNAL_SERVER_ERROR = _message(500, "Internal Server Error")
# The integration timed out or could not be started.
SERVICE_UNAVAILABLE = _message(503, "Service Unavailable")


PLAIN_HTTP_NOTICE = "cookies lose Secure here, because this address is http and not https"


def for_plain_http(response: Response) -> Response:
    """The response for a client without TLS: cookies lose `Secure`.

    On AWS every client has TLS. Here a client that keeps the rules (RFC 6265bis 5.7: most HTTP
    libraries, Safari) would never send such a cookie back.
    """
    headers = Headers(
        (name, _SECURE.sub("", value))
        if name.lower() == "set-cookie" and not _NEEDS_SECURE.match(value)
        else (name, value)
        for name, value in response.headers
    )
    return response if headers == response.headers else replace(response, headers=headers)


def http_response(
    result: InvocationResult, payload_format_version: str = "2.0"
) -> tuple[Response, str | None]:
    """The response for a function's result, and why the result cannot be sent, if so.

    With format 1.0 a result has to be a response, and may have `multiValueHeaders`.
    """
    if isinstance(result, Failed):
        return INTERNAL_SERVER_ERROR, None
    if not isinstance(result, Succeeded):
        return SERVICE_UNAVAILABLE, None
    try:
        answer = json.loads(result.payload)
    except (ValueError, RecursionError):
        return INTERNAL_SERVER_ERROR, f"{MALFORMED_RESPONSE}: the result is not JSON"
    if not isinstance(answer, dict) or "statusCode" not in answer:
        if payload_format_version == "1.0":
            return INTERNAL_SERVER_ERROR, f"{MALFORMED_RESPONSE}: there is no statusCode"
        return Response(200, Headers((("content-type", _JSON),)), result.payload), None
    try:
        has_several = payload_format_version == "1.0"
        pairs = all_headers(answer) if has_several else response_headers(answer.get("headers"))
        return _structured(answer, pairs), None
    except UnusableResponseError as error:
        return INTERNAL_SERVER_ERROR, f"{MALFORMED_RESPONSE}: {error}"


def _structured(answer: Mapping[str, Any], pairs: list[tuple[str, str]]) -> Response:
    headers = [(name.lower(), value) for name, value in pairs]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", _TEXT))
    cookies = answer.get("cookies")
    if cookies is None:
        cookies = []
    if not isinstance(cookies, list):
        raise UnusableResponseError("cookies must be a list of strings")
    headers += [("set-cookie", header_value(cookie)) for cookie in cookies]
    return Response(_status(answer["statusCode"]), Headers(headers), body_bytes(answer))


def _status(value: object) -> int:
    """A status code; text with digits counts, as functions written for REST APIs send it."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[2-5][0-9]{2}", text):
        raise UnusableResponseError("statusCode must be from 200 to 599")
    return int(text)


def response_headers(value: object) -> list[tuple[str, str]]:
    """The headers of a result in the function's spelling, without those of the front end."""
    if value is None:
        return []
    if not isinstance(value, dict):
        raise UnusableResponseError("headers must be an object")
    pairs = [(name, header_value(content)) for name, content in value.items()]
    if not all(_TOKEN.fullmatch(name) for name, _ in pairs):
        raise UnusableResponseError("a header name has characters that are not allowed")
    return [(name, content) for name, content in pairs if name.lower() not in _FRAMING]


def all_headers(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Both header maps; where a name is in both, the multi-value map has all its values."""
    several = answer.get("multiValueHeaders") or {}
    if not isinstance(several, dict) or not all(isinstance(v, list) for v in several.values()):
        raise UnusableResponseError("multiValueHeaders must be an object of lists")
    names = {name.lower() for name in several}
    single = [
        (name, value)
        for name, value in response_headers(answer.get("headers"))
        if name.lower() not in names
    ]
    allowed = response_headers(dict.fromkeys(several, ""))
    return single + [(name, header_value(item)) for name, _ in allowed for item in several[name]]


def header_value(content: object) -> str:
    """A header value: text, or a number or boolean as JSON writes it."""
    if not isinstance(content, str | int | float):
        raise UnusableResponseError("a header value must be a string, number or boolean")
    text = content if isinstance(content, str) else json.dumps(content)
    if not _VALUE.fullmatch(text):
        raise UnusableResponseError("a header value must be one line")
    return text


def body_bytes(answer: Mapping[str, Any]) -> bytes:
    """The body of a result, decoded where it is base64."""
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise UnusableResponseError("body must be a string")
    if answer.get("isBase64Encoded") is True:
        try:
            return base64.b64decode(body, validate=True)
        except ValueError:
            raise UnusableResponseError("body must be in base64, as isBase64Encoded says") from None
    # Half of a surrogate pair is legal in JSON but not in UTF-8.
    return body.encode("utf-8", errors="replace")
