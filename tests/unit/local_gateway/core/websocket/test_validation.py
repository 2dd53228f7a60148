from typing import Any

import pytest

from local_gateway.core.model import WebSocketRoute
from local_gateway.core.websocket.integration import LambdaProxy
from local_gateway.core.websocket.validation import invalid_reason

SEND = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["action", "count"],
    "properties": {"count": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}},
}
NAMED = {"type": "object", "required": ["name"]}


def route(expression: str | None = "$request.body.kind", **models: Any) -> WebSocketRoute:
    return WebSocketRoute(
        route_key="send",
        integration=LambdaProxy("F"),
        model_selection_expression=expression,
        request_models={name.replace("default", "$default"): it for name, it in models.items()},
    )


@pytest.mark.parametrize(
    ("checked", "body"),
    [
        (route(), "no JSON at all"),
        (route(None), "{}"),
        (route(send=SEND), '{"kind": "send", "action": "x", "count": 1}'),
        (route(None, default=SEND), '{"action": "x", "count": 1}'),
        (route(send=SEND, default=NAMED), '{"kind": "other", "name": ""}'),
        (route(send=SEND, default=NAMED), '{"name": ""}'),
    ],
)
def test_a_body_that_its_model_accepts_has_no_reason(checked: WebSocketRoute, body: str) -> None:
    assert invalid_reason(checked, body) is None


@pytest.mark.parametrize(
    ("checked", "body", "reason"),
    [
        (route(send=SEND), '{"kind": "send"}', "$: required does not hold"),
        (
            route(send=SEND),
            '{"kind": "send", "action": 1, "count": 0}',
            "$.count: minimum does not hold",
        ),
        (
            route(send=SEND),
            '{"kind": "send", "action": 1, "count": "secret"}',
            "$.count: type does not hold",
        ),
        (route(send=SEND, default=NAMED), '{"kind": "x"}', "$: required does not hold"),
        (route(send=SEND), '{"kind": "x"}', "no model of route send matches"),
        (route(None, send=SEND), '{"kind": "send"}', "no model of route send matches"),
        (route(default=SEND), "hello", "the body is not JSON"),
        (route(default=SEND), "{kind: 1}", "the body is not JSON"),
        (route(default=SEND), "[" * 100_000, "the body is not JSON"),
        (
            route(default={"$ref": "https://example.invalid/model"}),
            "{}",
            "the model refers to https://example.invalid/model",
        ),
    ],
)
def test_a_refused_body_has_a_reason_without_its_content(
    checked: WebSocketRoute, body: str, reason: str
) -> None:
    found = invalid_reason(checked, body)
    assert found is not None
    assert reason in found
    assert "secret" not in found
