"""The HTTP API as an OpenAPI 3.1 document, with the WebSocket listed as `GET /ws`.

`tests/e2e/test_openapi_contract.py` sends requests that are made from it.
"""

from collections.abc import Sequence
from typing import Any

from sapa.channels.channel import (
    MAX_NAME_LENGTH,
    NAME_PATTERN,
    USER_PREFIX,
    USERNAME_PATTERN,
)
from sapa.messages.model_inputs import REF_TEMPLATE
from sapa.processes.endpoints import DEFAULT_ENDPOINT
from sapa.web.accounts import MAX_PASSWORD_LENGTH, MAX_USERNAME_LENGTH
from sapa.web.asyncapi import VERSION
from sapa.web.frame_schemas import payloads
from sapa.web.requests import HttpRequest
from sapa.web.schemas import ERROR_SCHEMA_NAME, Catalog, EndpointSchemas, Schema, error_schema

_COOKIE: list[dict[str, list[str]]] = [{"cookie": []}]
_IAM: list[dict[str, list[str]]] = [{"iam": []}]


def openapi_document(request: HttpRequest, websocket_path: str, catalog: Catalog) -> dict[str, Any]:
    """The document, with the address that the request came to."""
    endpoints = catalog.endpoints
    messages = {f"{each.name}_input": each.input for each in endpoints}
    replies = {f"{each.name}_output": each.output for each in endpoints if each.output}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sapa",
            "version": VERSION,
            "description": "Log in here, then talk over the WebSocket (`GET /ws`).",
        },
        "servers": [{"url": request.base_url}],
        "paths": {
            "/auth/login": {"post": _login()},
            "/auth/logout": {"post": _logout()},
            "/auth/session": {"get": _session()},
            websocket_path: {
                "get": _websocket(request.websocket_base_url, websocket_path, endpoints)
            },
            "/publish": {"post": _publish(request.api_base_url)},
            "/": {"get": _page()},
            "/swagger": {"get": _document("This document, readable", "text/html")},
            "/openapi.json": {"get": _document("This document", "application/json")},
            "/asyncapi.json": {"get": _document("The WebSocket API", "application/json")},
        },
        "components": {
            "schemas": {
                **catalog.definitions,
                **messages,
                **replies,
                "LoginRequest": _LOGIN_REQUEST,
                "Session": _SESSION,
                "PublishRequest": _PUBLISH_REQUEST,
                "AcceptedEvent": _ACCEPTED_EVENT,
                ERROR_SCHEMA_NAME: error_schema(),
                **{f"protocol_{name}": frame for name, frame in _protocol().items()},
                "Refusal": _REFUSAL,
                "GatewayRefusal": _GATEWAY_REFUSAL,
            },
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": "gen_app_auth_token"},
                "iam": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "A signature (SigV4) for the service `execute-api`.",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
            },
        },
    }


def _protocol() -> dict[str, Schema]:
    """The frames that all endpoints share; errors have a schema with a name of their own."""
    return {name: frame for name, frame in payloads().items() if name != "error"}


_PASSWORD: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_PASSWORD_LENGTH}
_LOGIN_REQUEST: Schema = {
    "title": "LoginRequest",
    "description": "The body of `POST /auth/login`; `new_password` replaces a temporary one.",
    "type": "object",
    "properties": {
        "username": {
            "title": "Username",
            "type": "string",
            "description": "Has no spaces and no control characters.",
            "minLength": 1,
            "maxLength": MAX_USERNAME_LENGTH,
            "pattern": USERNAME_PATTERN,
        },
        "password": {"title": "Password", **_PASSWORD},
        "new_password": {
            "title": "New Password",
            "anyOf": [_PASSWORD, {"type": "null"}],
            "default": None,
        },
    },
    "required": ["username", "password"],
    "additionalProperties": False,
}
_SESSION: Schema = {
    "type": "object",
    "properties": {
        "username": {"type": "string"},
        "expires_at": {"type": "integer", "description": "Seconds since 1970, UTC."},
        "too_many_connections": {
            "const": True,
            "description": (
                "A further connection would be refused with 429, a status that browsers hide "
                "from a page. Only in the answer of `GET /auth/session`."
            ),
        },
    },
    "required": ["username", "expires_at"],
}
_PUBLISH_REQUEST: Schema = {
    "description": (
        "An event. As a frame it has at most 131,072 bytes; at most 64 levels of arrays and "
        "objects, and no key twice in an object."
    ),
    "type": "object",
    "properties": {
        "channel": {
            "type": "string",
            "description": (
                "A name of letters, digits and `-_.:/`, or `user:` and the name of a user."
            ),
            "minLength": 1,
            "maxLength": len(USER_PREFIX) + MAX_NAME_LENGTH,
            "pattern": NAME_PATTERN,
            "not": {"const": USER_PREFIX},
        },
        "payload": {
            "type": "object",
            "description": "What the members of the channel get. No key begins with `$`.",
            "propertyNames": {"not": {"pattern": "^\\$"}},
        },
    },
    "required": ["channel", "payload"],
    "additionalProperties": False,
}
_ACCEPTED_EVENT: Schema = {
    "type": "object",
    "properties": {
        "channel": {"type": "string"},
        "sequence": {"type": "integer", "description": "The event's number in its channel."},
    },
    "required": ["channel", "sequence"],
}
_GATEWAY_REFUSAL: Schema = {
    "description": "An answer by API Gateway itself.",
    "type": "object",
    "properties": {"message": {"type": "string"}},
    "required": ["message"],
}
_REFUSAL: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "fields": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}


def _reference(schema: str) -> Schema:
    return {"$ref": REF_TEMPLATE.format(model=schema)}


def _json(description: str, *schemas: str) -> Schema:
    """A JSON body of one of these schemas."""
    first, *others = (_reference(schema) for schema in schemas)
    schema = {"anyOf": [first, *others]} if others else first
    return {"description": description, "content": {"application/json": {"schema": schema}}}


# What may happen to each request.
_FAILURES: Schema = {
    "429": _json("Too many requests at the moment", "GatewayRefusal"),
    "500": _json("The request failed; the log has the cause", "Refusal", "GatewayRefusal"),
    "503": _json("This does not work at the moment", "Refusal", "GatewayRefusal"),
}


def _login() -> Schema:
    return {
        "summary": "Log in",
        "description": "Sets the cookie `gen_app_auth_token`, which no script can read.",
        "operationId": "login",
        "tags": ["login"],
        "requestBody": {"required": True, **_json("", "LoginRequest")},
        "responses": {
            "200": {
                **_json("Logged in", "Session"),
                "headers": {"Set-Cookie": {"schema": {"type": "string"}}},
            },
            "400": _json("The body is not as expected", "Refusal"),
            "401": _json("The user name or the password is wrong", "Refusal"),
            "403": _json("A new password is required, or the page is foreign", "Refusal"),
            "413": _json("The body is too large", "Refusal", "GatewayRefusal"),
            **_FAILURES,
            "429": _json("Too many attempts", "Refusal", "GatewayRefusal"),
        },
    }


def _logout() -> Schema:
    return {
        "summary": "Log out",
        "description": "Ends the session and closes its sockets.",
        "operationId": "logout",
        "tags": ["login"],
        "responses": {
            "204": {
                "description": "Logged out, or never logged in",
                "headers": {"Set-Cookie": {"schema": {"type": "string"}}},
            },
            "403": _json("The page is foreign", "Refusal"),
            **_FAILURES,
        },
    }


def _session() -> Schema:
    return {
        "summary": "Who is logged in",
        "operationId": "session",
        "tags": ["login"],
        "security": _COOKIE,
        "responses": {
            "200": _json("The login session", "Session"),
            "401": _json("Not logged in", "Refusal"),
            **_FAILURES,
        },
    }


def _publish(base_url: str) -> Schema:
    return {
        "summary": "Publish an event to a channel",
        "description": (
            "For programs, with AWS credentials. Each accepted event is numbered, stored and "
            "queued. Send it to this address: another one in front of it breaks the signature."
        ),
        "operationId": "publish",
        "tags": ["channels"],
        "security": _IAM,
        "servers": [{"url": base_url}],
        "requestBody": {"required": True, **_json("", "PublishRequest")},
        "responses": {
            "202": _json("Accepted", "AcceptedEvent"),
            "400": _json("The event cannot be published; `fields` says why", "Refusal"),
            "403": _json("The signature is missing or wrong, or not allowed", "GatewayRefusal"),
            "413": _json("The event is too large", "Refusal", "GatewayRefusal"),
            **_FAILURES,
        },
    }


def _document(summary: str, media_type: str) -> Schema:
    return {
        "summary": summary,
        "tags": ["documents"],
        "responses": {
            "200": {"description": summary, "content": {media_type: {}}},
            **_FAILURES,
        },
    }


def _page() -> Schema:
    document = _document("The chat page", "text/html")
    not_modified = {"304": {"description": "The browser has the page (`If-None-Match`)"}}
    return {**document, "responses": {**document["responses"], **not_modified}}


def _websocket(base_url: str, path: str, endpoints: Sequence[EndpointSchemas]) -> Schema:
    address = base_url + path
    lines = "\n".join(
        f"- `{address}?endpoint={each.name}`: {each.documentation.partition(chr(10))[0]} "
        f"Input variables: {', '.join(f'`{key}`' for key in each.input['properties']) or 'none'}."
        for each in endpoints
    )
    return {
        "summary": "Open the WebSocket",
        "description": (
            f"Connect to `{address}` with the cookie of a login, for example\n\n"
            f'    wscat -c {address} -H "Cookie: gen_app_auth_token=…"\n\n'
            "and send JSON objects whose keys are input variables. A request without a WebSocket "
            f"handshake gets 426; the other answers are those of a handshake.\n\n{lines}"
        ),
        "operationId": "websocket",
        "tags": ["websocket"],
        "security": _COOKIE,
        "parameters": [
            {
                "name": "endpoint",
                "in": "query",
                "description": "Whose business process answers.",
                "schema": _endpoint_schema([each.name for each in endpoints]),
            }
        ],
        "responses": {
            "101": {"description": "The WebSocket is open"},
            "401": _json("There is no cookie", "GatewayRefusal"),
            "403": _json("The session has ended, or the page is foreign", "GatewayRefusal"),
            "404": _json("There is no such endpoint", "GatewayRefusal"),
            "426": _json("This is no WebSocket handshake", "Refusal", "GatewayRefusal"),
            **_FAILURES,
            "429": _json(
                "Too many requests, or too many connections of the user", "GatewayRefusal"
            ),
        },
        "x-websocket-messages": {each.name: _message_references(each) for each in endpoints},
    }


def _endpoint_schema(names: list[str]) -> Schema:
    schema: Schema = {"type": "string", "enum": names}
    return schema | {"default": DEFAULT_ENDPOINT} if DEFAULT_ENDPOINT in names else schema


def _message_references(endpoint: EndpointSchemas) -> Schema:
    names = {
        "input": f"{endpoint.name}_input",
        "error": ERROR_SCHEMA_NAME,
        **{name: f"protocol_{name}" for name in _protocol()},
    }
    if endpoint.output is not None:
        names["output"] = f"{endpoint.name}_output"
    return {kind: REF_TEMPLATE.format(model=name) for kind, name in names.items()}
