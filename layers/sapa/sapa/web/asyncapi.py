"""The WebSocket API as an AsyncAPI 3.0.0 document: one channel per endpoint."""

from typing import Any

from sapa.web.requests import HttpRequest
from sapa.web.schemas import (
    ERROR_SCHEMA_NAME,
    Catalog,
    EndpointSchemas,
    Schema,
    error_schema,
    id_schema,
)

VERSION = "0.1.0"
_DESCRIPTION = """\
Messages are JSON objects in text frames. Their keys are the input variables of the endpoint's
business process; `$id` (a string of at most 64 characters or an integer) comes back on every
reply. `{"$ping": x}` is answered `{"$pong": x}`. Log in with `POST /auth/login` and send the
cookie `gen_app_auth_token` with the handshake."""


def asyncapi_document(
    request: HttpRequest, websocket_path: str, catalog: Catalog
) -> dict[str, Any]:
    """The document, with the address that the request came to."""
    endpoints = catalog.endpoints
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Sapa", "version": VERSION, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": {
            "websocket": {
                "host": request.host,
                "protocol": "wss" if request.is_https else "ws",
                "security": [{"$ref": "#/components/securitySchemes/cookie"}],
            }
        },
        "channels": {each.name: _channel(each, websocket_path) for each in endpoints},
        "operations": {f"{each.name}.talk": _operation(each) for each in endpoints},
        "components": {
            "schemas": {**catalog.definitions, ERROR_SCHEMA_NAME: error_schema()},
            "messages": _protocol_messages(),
            "securitySchemes": {
                "cookie": {"type": "httpApiKey", "in": "cookie", "name": "gen_app_auth_token"}
            },
        },
    }


def _protocol_messages() -> dict[str, Schema]:
    return {
        "error": _message("error", {"$ref": f"#/components/schemas/{ERROR_SCHEMA_NAME}"}),
        "ping": _message("ping", _object_with("$ping")),
        "pong": _message("pong", _object_with("$pong")),
    }


def _object_with(key: str) -> Schema:
    properties = {key: {"description": "Anything."}, "$id": id_schema()}
    return {"type": "object", "properties": properties, "required": [key]}


def _message(name: str, payload: Schema) -> Schema:
    return {"name": name, "contentType": "application/json", "payload": payload}


def _channel(endpoint: EndpointSchemas, websocket_path: str) -> Schema:
    messages = {
        "input": _message("input", endpoint.input),
        # The page and other readers find the payload here without following a reference.
        **_protocol_messages(),
    }
    if endpoint.output is not None:
        messages["output"] = _message("output", endpoint.output)
    query = {
        "type": "object",
        "properties": {"endpoint": {"type": "string", "const": endpoint.name}},
    }
    return {
        "address": websocket_path,
        "title": endpoint.name,
        "description": endpoint.documentation,
        "servers": [{"$ref": "#/servers/websocket"}],
        "messages": messages,
        "bindings": {"ws": {"method": "GET", "query": query, "bindingVersion": "0.1.0"}},
    }


def _operation(endpoint: EndpointSchemas) -> Schema:
    channel = f"#/channels/{endpoint.name}"
    replies = ["error", "pong"] if endpoint.output is None else ["output", "error", "pong"]
    return {
        "action": "receive",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in ("input", "ping")],
        "reply": {
            "channel": {"$ref": channel},
            "messages": [{"$ref": f"{channel}/messages/{name}"} for name in replies],
        },
    }
