"""OpenAPI and AsyncAPI documents against the standards' own schemas."""

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from functions.api.app import lambda_handler
from sapa.processes.endpoints import ENDPOINTS
from sapa.settings import Settings
from tests.integration.sapa.stack import lambda_context, recorded
from tests.support.programs import require_node_file

ASYNCAPI_SCHEMA = "@asyncapi/specs/schemas/3.0.0-without-$id.json"


def document(event: str) -> dict[str, Any]:
    """The JSON document that a recorded event asks for."""
    result = lambda_handler(recorded(event), lambda_context())
    assert result["statusCode"] == 200
    content = json.loads(result["body"])
    assert isinstance(content, dict)
    return content


def test_openapi_is_valid_and_lists_the_websocket(environment: None) -> None:
    openapi = document("api_openapi")
    OpenAPIV31SpecValidator(openapi).validate()
    operation = openapi["paths"]["/ws"]["get"]
    assert "wss://d2v8example.cloudfront.net/ws" in operation["description"]
    assert operation["parameters"][0]["schema"]["enum"] == list(ENDPOINTS)
    schemas = openapi["components"]["schemas"]
    for messages in operation["x-websocket-messages"].values():
        assert {reference.rsplit("/", 1)[-1] for reference in messages.values()} <= set(schemas)


def test_generic_clients_find_only_http_addresses(environment: None) -> None:
    openapi = document("api_openapi")
    operations = [operation for item in openapi["paths"].values() for operation in item.values()]
    servers = [*openapi["servers"], *(s for each in operations for s in each.get("servers", []))]
    assert {server["url"].partition(":")[0] for server in servers} == {"https"}


def test_publish_is_documented_at_the_address_that_is_signed(environment: None) -> None:
    openapi = document("api_openapi")
    [server] = openapi["paths"]["/publish"]["post"]["servers"]
    assert server["url"].endswith(".amazonaws.com")
    assert server != openapi["servers"][0]


@pytest.mark.parametrize("name", ["demo", "ana@example.com", "démo", "田中", "👍", "x" * 128])
def test_pattern_of_user_names_takes_names(environment: None, name: str) -> None:
    assert _login().is_valid({"username": name, "password": "p"})


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "a\u00a0b", "a\tb", "\x1b[31m", "\x85", "x" * 129]
)
def test_pattern_of_user_names_refuses_what_login_refuses(environment: None, name: str) -> None:
    assert not _login().is_valid({"username": name, "password": "p"})


def _login() -> Draft202012Validator:
    schema = document("api_openapi")["components"]["schemas"]["LoginRequest"]
    return Draft202012Validator(schema)


def test_asyncapi_is_valid(environment: None) -> None:
    schema = json.loads(require_node_file(ASYNCAPI_SCHEMA).read_text())
    problems = list(Draft7Validator(schema).iter_errors(document("api_asyncapi")))
    assert not problems, problems[0]


def test_asyncapi_payloads_describe_what_is_taken(environment: None) -> None:
    asyncapi = document("api_asyncapi")
    assert set(asyncapi["channels"]) == set(ENDPOINTS)
    channel = asyncapi["channels"]["convert"]
    payload = {**channel["messages"]["input"]["payload"], "components": asyncapi["components"]}
    Draft202012Validator.check_schema(payload)
    taken = Draft202012Validator(payload)
    assert taken.is_valid({"value": 5, "unit": "km"})
    assert not taken.is_valid({"value": "5", "unit": "km"})
    assert not taken.is_valid({"value": 5, "unit": "parsec"})
    assert not taken.is_valid({"value": 5, "unit": "km", "more": 1})
    assert payload["properties"]["system"]["default"] == "all"
    dialogue = asyncapi["channels"]["dialogue"]["messages"]["input"]["payload"]
    assert dialogue["properties"]["message"]["minLength"] == 0, "an empty message has a meaning"
    assert payload["title"] == "convert"
    assert channel["address"] == Settings({}).websocket_path
    assert channel["bindings"]["ws"]["query"]["properties"]["endpoint"]["const"] == "convert"


@pytest.mark.parametrize("event", ["default", "default_ping", "default_invalid"])
def test_recorded_messages_fit_or_break_the_schema(environment: None, event: str) -> None:
    channel = document("api_asyncapi")["channels"]["reply"]
    message = json.loads(recorded(event)["body"])
    inputs = {key: value for key, value in message.items() if not key.startswith("$")}
    payload = Draft202012Validator(channel["messages"]["input"]["payload"])
    assert payload.is_valid(inputs) == (event == "default")
