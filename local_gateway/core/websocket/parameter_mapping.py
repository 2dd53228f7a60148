"""Parameter mappings: where a header, a query parameter or a part of a path gets its value.

Source: developer guide, websocket-api-data-mapping.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from local_gateway.core.http import Headers
from local_gateway.core.json_path import ABSENT, JsonPath
from local_gateway.core.websocket.integration import ParameterMapping
from local_gateway.core.websocket.velocity_values import whole_characters

_TARGET = re.compile(
    r"integration\.request\.(header|querystring|path|multivalueheader|multivaluequerystring)"
    r"\.(\S+)"
)
_RESPONSE_TARGET = re.compile(r"(?:route|method)\.response\.(header|multivalueheader)\.(\S+)")
_LISTS = {"multivalueheader": "header", "multivaluequerystring": "querystring"}
_STATIC = re.compile(r"'(.*)'", re.DOTALL)
_SOURCE = re.compile(
    r"route\.request\.(?:header|querystring|multivalueheader|multivaluequerystring)\.\S+"
    r"|route\.request\.body(?:[.\[].+)?|context\.[\w.]+|stageVariables\.\w+"
)
_RESPONSE_SOURCE = re.compile(
    r"integration\.response\.(?:header|multivalueheader)\.\S+"
    r"|integration\.response\.(?:body(?:[.\[].+)?|statuscode)|context\.[\w.]+|stageVariables\.\w+"
)


def request_mapping(target: str, source: str) -> ParameterMapping:
    """A member of an integration's `RequestParameters`; `ValueError` says what is wrong with it."""
    return _mapping(
        (_TARGET, "integration.request.header.NAME, .querystring.NAME or .path.NAME", target),
        (_SOURCE, "'text', route.request.…, context.… or stageVariables.…", source),
    )


def response_mapping(target: str, source: str) -> ParameterMapping:
    """A member of an integration response's `ResponseParameters`."""
    return _mapping(
        (_RESPONSE_TARGET, "route.response.header.NAME", target),
        (_RESPONSE_SOURCE, "'text', integration.response.…, context.… or stageVariables.…", source),
    )


def _mapping(
    target: tuple[re.Pattern[str], str, str], source: tuple[re.Pattern[str], str, str]
) -> ParameterMapping:
    pattern, expected, text = target
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is no parameter of the integration; expected {expected}")
    pattern, expected, value = source
    if not _STATIC.fullmatch(value) and not pattern.fullmatch(value):
        raise ValueError(f"{value} is no source of a parameter; expected {expected}")
    for beginning in ("route.request.body", "integration.response.body"):
        if value.startswith(beginning):
            JsonPath.parse(value.removeprefix(beginning))
    return ParameterMapping(_LISTS.get(match[1], match[1]), match[2], value)


def request_value(source: str, event: Mapping[str, Any]) -> list[str]:
    """The values of a source in the event of a route; none if it is not there."""
    if (static := _STATIC.fullmatch(source)) is not None:
        return [static[1]]
    kind, _, name = source.removeprefix("route.request.").partition(".")
    match kind:
        case "header":
            return _members(event.get("headers"), name)[-1:]
        case "multivalueheader":
            return _members(event.get("multiValueHeaders"), name)
        case "querystring":
            return _exact(event.get("queryStringParameters"), name)
        case "multivaluequerystring":
            return _exact(event.get("multiValueQueryStringParameters"), name)
        case "context" | "stageVariables":
            return _shared_value(source, event)
    body = event.get("body", "")
    path = source.removeprefix("route.request.body")
    return body_values(body, path) if path else [body]


def response_value(
    source: str, event: Mapping[str, Any], status: int, headers: Headers, body: str
) -> list[str]:
    """The values of a source in the response of an integration."""
    if (static := _STATIC.fullmatch(source)) is not None:
        return [static[1]]
    if source.startswith(("context.", "stageVariables.")):
        return _shared_value(source, event)
    kind, _, name = source.removeprefix("integration.response.").partition(".")
    match kind:
        case "statuscode":
            return [str(status)]
        case "header":
            return headers.get_all(name)[-1:]
        case "multivalueheader":
            return headers.get_all(name)
    path = source.removeprefix("integration.response.body")
    return body_values(body, path) if path else [body]


def body_values(body: str, path: str) -> list[str]:
    """The text at a JSONPath of a body; none if it is not there, or the body is not JSON."""
    try:
        value = JsonPath.parse(path).value_in(json.loads(body))
        if value is ABSENT or value is None:
            return []
        if not isinstance(value, str):
            return [json.dumps(value, separators=(",", ":"))]
    except (ValueError, RecursionError):
        return []
    return [whole_characters(value)]


def _shared_value(source: str, event: Mapping[str, Any]) -> list[str]:
    kind, _, path = source.partition(".")
    value: Any = event.get("requestContext" if kind == "context" else "stageVariables", {})
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return [] if value is None or isinstance(value, Mapping) else [str(value)]


def _members(values: Mapping[str, Any] | None, wanted: str) -> list[str]:
    """The values of a header, whose name is compared without regard to case."""
    for name, value in (values or {}).items():
        if name.lower() == wanted.lower():
            return value if isinstance(value, list) else [value]
    return []


def _exact(values: Mapping[str, Any] | None, name: str) -> list[str]:
    value = (values or {}).get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
