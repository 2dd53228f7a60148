"""The WebSocket API as an AsyncAPI 3.0.0 document: one channel per endpoint."""

from typing import Any

from sapa.web.frame_schemas import (
    ANSWERS,
    CONTROLS,
    PUSHES,
    accepted,
    once_schema,
    part,
    payloads,
)
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
reply, and the effect of messages with the same `$once` happens once. `{"$ping": x}` is answered
`{"$pong": x}`. Events of channels come by themselves; `{"$resume": {channel: number}}` brings those
that were missed. A streaming endpoint accepts a message with `$answer`, and the parts of the answer
come in the channel that this frame names. Log in with `POST /auth/login` and send the cookie
`gen_app_auth_token` with the handshake."""


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
        "operations": {
            name: operation for each in endpoints for name, operation in _operations(each)
        },
        "components": {
            "schemas": {**catalog.definitions, ERROR_SCHEMA_NAME: error_schema()},
            "messages": _protocol_messages(),
            "securitySchemes": {
                "cookie": {"type": "httpApiKey", "in": "cookie", "name": "gen_app_auth_token"}
            },
        },
    }


def _protocol_messages() -> dict[str, Schema]:
    return {name: _message(name, payload) for name, payload in payloads().items()}


def _message(name: str, payload: Schema) -> Schema:
    return {"name": name, "contentType": "application/json", "payload": payload}


def _input(schema: Schema) -> Schema:
    """The message with the keys that belong to the protocol."""
    protocol = {"$id": id_schema(), "$once": once_schema()}
    return {**schema, "properties": {**schema.get("properties", {}), **protocol}}


def _channel(endpoint: EndpointSchemas, websocket_path: str) -> Schema:
    messages = {
        "input": _message("input", _input(endpoint.input)),
        # The page and other readers find the payload here without following a reference.
        **_protocol_messages(),
    }
    if endpoint.streams:
        # Readers of this document recognise a streaming endpoint by this message.
        messages["accepted"] = _message("accepted", accepted())
        messages["part"] = _message("part", part(endpoint.output))
    elif endpoint.output is not None:
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


def _operations(endpoint: EndpointSchemas) -> list[tuple[str, Schema]]:
    """What clients send and the endpoint answers, and what it sends by itself."""
    channel = f"#/channels/{endpoint.name}"

    def references(*names: str) -> list[Schema]:
        return [{"$ref": f"{channel}/messages/{name}"} for name in names]

    if endpoint.streams:
        output: tuple[str, ...] = ("accepted",)
    else:
        output = () if endpoint.output is None else ("output",)
    talk: Schema = {
        "action": "receive",
        "channel": {"$ref": channel},
        "messages": references("input", *CONTROLS),
        "reply": {"channel": {"$ref": channel}, "messages": references(*output, *ANSWERS)},
    }
    push: Schema = {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": references(*PUSHES),
    }
    return [(f"{endpoint.name}.talk", talk), (f"{endpoint.name}.push", push)]
