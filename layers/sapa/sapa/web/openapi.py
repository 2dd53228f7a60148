"""The HTTP API as an OpenAPI 3.1 document, with the WebSocket listed as `GET /ws`."""

from collections.abc import Sequence
from typing import Any

from sapa.messages.model_inputs import REF_TEMPLATE
from sapa.processes.endpoints import DEFAULT_ENDPOINT
from sapa.web.accounts import MAX_PASSWORD_LENGTH, MAX_USERNAME_LENGTH
from sapa.web.asyncapi import VERSION
from sapa.web.frame_schemas import payloads
from sapa.web.requests import HttpRequest
from sapa.web.schemas import ERROR_SCHEMA_NAME, Catalog, EndpointSchemas, Schema, error_schema

_COOKIE: list[dict[str, list[str]]] = [{"cookie": []}]


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
            "/": {"get": _document("The chat page", "text/html")},
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
                ERROR_SCHEMA_NAME: error_schema(),
                **{f"protocol_{name}": frame for name, frame in _protocol().items()},
                "Refusal": _REFUSAL,
            },
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": "gen_app_auth_token"}
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
            "minLength": 1,
            "maxLength": MAX_USERNAME_LENGTH,
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


def _json(description: str, schema: str) -> Schema:
    reference = {"$ref": REF_TEMPLATE.format(model=schema)}
    return {
        "description": description,
        "content": {"application/json": {"schema": reference}},
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
            "413": _json("The body is too large", "Refusal"),
            "429": _json("Too many attempts", "Refusal"),
        },
    }


def _logout() -> Schema:
    return {
        "summary": "Log out",
        "description": "Ends the session and closes its sockets.",
        "operationId": "logout",
        "tags": ["login"],
        "responses": {
            "204": {"description": "Logged out, or never logged in"},
            "403": _json("The page is foreign", "Refusal"),
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
        },
    }


def _document(summary: str, media_type: str) -> Schema:
    return {
        "summary": summary,
        "tags": ["documents"],
        "responses": {"200": {"description": summary, "content": {media_type: {}}}},
    }


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
            f"and send JSON objects whose keys are input variables.\n\n{lines}"
        ),
        "operationId": "websocket",
        "tags": ["websocket"],
        "security": _COOKIE,
        "servers": [{"url": base_url}],
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
            "401": {"description": "There is no cookie"},
            "403": {"description": "The session has ended, or the page is foreign"},
            "404": {"description": "There is no such endpoint"},
            "429": {"description": "The user has too many connections"},
            "426": _json("The request was no WebSocket handshake", "Refusal"),
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
