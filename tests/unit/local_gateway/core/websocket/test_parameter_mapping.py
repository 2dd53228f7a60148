"""Where the parameters of an integration request get their values."""

import json
import re

import pytest

from local_gateway.core.http import Headers
from local_gateway.core.websocket.events import connect_event, message_event
from local_gateway.core.websocket.integration import ParameterMapping
from local_gateway.core.websocket.parameter_mapping import (
    request_mapping,
    request_value,
    response_mapping,
    response_value,
)
from tests.unit.local_gateway.core.samples import CONNECTION_ID, STAMP, handshake, identity

IDENTITY = identity(stage_variables={"room": "lobby"})
CONNECT = connect_event(
    IDENTITY,
    handshake(headers=(("X-Kind", "a"), ("X-Kind", "b")), query=(("name", "Ana"), ("name", "Bo"))),
    STAMP,
    {"principalId": "ana"},
)
MESSAGE = message_event(
    IDENTITY,
    STAMP,
    route_key="go",
    message_id="m=",
    body=json.dumps({"kind": "x", "deep": {"n": 7}, "none": None}),
    authorizer=None,
)


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("'text'", ["text"]),
        ("''", [""]),
        ("route.request.header.x-kind", ["b"]),
        ("route.request.multivalueheader.X-Kind", ["a", "b"]),
        ("route.request.header.X-None", []),
        ("route.request.querystring.name", ["Bo"]),
        ("route.request.multivaluequerystring.name", ["Ana", "Bo"]),
        ("route.request.querystring.Name", []),
        ("context.connectionId", [CONNECTION_ID]),
        ("context.identity.sourceIp", ["192.0.2.7"]),
        ("context.authorizer.principalId", ["ana"]),
        ("context.connectedAt", ["1707502303042"]),
        ("context.identity", []),
        ("context.nothing.deeper", []),
        ("stageVariables.room", ["lobby"]),
        ("stageVariables.none", []),
    ],
)
def test_sources_of_a_handshake(source: str, values: list[str]) -> None:
    assert request_value(source, CONNECT) == values
    mapped = request_mapping("integration.request.header.X", source)
    assert mapped == ParameterMapping("header", "X", source)


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("route.request.body", [MESSAGE["body"]]),
        ("route.request.body.kind", ["x"]),
        ("route.request.body.deep", ['{"n":7}']),
        ("route.request.body['deep'].n", ["7"]),
        ("route.request.body.none", []),
        ("route.request.body.nothing", []),
        ("route.request.header.X-Kind", []),
        ("route.request.querystring.name", []),
        ("context.messageId", ["m="]),
    ],
)
def test_sources_of_a_message(source: str, values: list[str]) -> None:
    assert request_value(source, MESSAGE) == values
    assert request_mapping("integration.request.path.id", source).location == "path"


def test_a_body_that_is_no_json_has_no_members() -> None:
    assert request_value("route.request.body.kind", {**MESSAGE, "body": "hello"}) == []


def test_half_a_character_is_a_question_mark() -> None:
    event = {**MESSAGE, "body": r'{"kind": "\ud800"}'}
    assert request_value("route.request.body.kind", event) == ["?"]


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("'text'", ["text"]),
        ("context.routeKey", ["go"]),
        ("stageVariables.room", ["lobby"]),
        ("integration.response.statuscode", ["201"]),
        ("integration.response.header.x-kind", ["b"]),
        ("integration.response.multivalueheader.X-Kind", ["a", "b"]),
        ("integration.response.body", ['{"a":1}']),
        ("integration.response.body.a", ["1"]),
    ],
)
def test_sources_of_a_response(source: str, values: list[str]) -> None:
    headers = Headers((("X-Kind", "a"), ("X-Kind", "b")))
    assert response_value(source, MESSAGE, 201, headers, '{"a":1}') == values
    assert response_mapping("route.response.header.X", source).source == source


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("integration.request.querystring.a", "querystring"),
        ("integration.request.multivaluequerystring.a", "querystring"),
        ("integration.request.multivalueheader.a", "header"),
    ],
)
def test_lists_of_values_have_the_location_of_single_ones(target: str, location: str) -> None:
    assert request_mapping(target, "'x'") == ParameterMapping(location, "a", "'x'")


@pytest.mark.parametrize(
    ("target", "source", "problem"),
    [
        ("integration.request.cookie.a", "'x'", "integration.request.cookie.a is no parameter"),
        ("integration.request.header.a", "x", "x is no source of a parameter; expected 'text'"),
        ("integration.request.header.a", "method.request.header.b", "is no source"),
        ("integration.request.header.a", "route.request.body[?(@)]", "[?(@)] is no index"),
    ],
)
def test_a_wrong_mapping_is_named(target: str, source: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        request_mapping(target, source)


def test_a_wrong_mapping_of_a_response_is_named() -> None:
    with pytest.raises(ValueError, match=r"expected route\.response\.header\.NAME"):
        response_mapping("integration.response.header.x", "'x'")
