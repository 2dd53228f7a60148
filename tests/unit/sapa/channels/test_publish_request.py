"""Events from outside: what is accepted and which field is at fault otherwise."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.channels.publish_request import PublishRequest
from sapa.connections.frames import MAX_DEPTH, decode
from sapa.errors import (
    ChannelNameError,
    LambdaEventError,
    PayloadError,
    RefusalError,
    SapaError,
)
from tests.unit.sapa.fakes import FakeServices

GOOD = {"channel": "chat:lobby", "payload": {"message": "Hai"}}
ARN = "arn:aws:iam::123456789012:user/ops"


def request(body: object, *, encoded: bool = False) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    return {
        "requestContext": {"authorizer": {"iam": {"userArn": ARN}}},
        "body": base64.b64encode(text.encode()).decode() if encoded else text,
        "isBase64Encoded": encoded,
    }


def nested(depth: int) -> dict[str, Any]:
    """An object that nests so deep."""
    value: dict[str, Any] = {}
    for _ in range(depth - 1):
        value = {"x": value}
    return value


@pytest.mark.parametrize("encoded", [False, True])
def test_a_request_tells_channel_payload_and_caller(encoded: bool) -> None:
    assert PublishRequest.from_http(request(GOOD, encoded=encoded)) == PublishRequest(
        channel="chat:lobby", payload={"message": "Hai"}, publisher=ARN
    )


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ("", "invalid_json", None),
        ("{", "invalid_json", None),
        ("[" * 100_000, "invalid_json", None),
        ("[]", "not_an_object", None),
        ({}, "invalid_event", {"channel", "payload"}),
        ({"channel": "a"}, "invalid_event", {"payload"}),
        ({**GOOD, "to": "all"}, "invalid_event", {"to"}),
        ({**GOOD, "channel": "a b"}, "invalid_event", {"channel"}),
        ({**GOOD, "channel": 7}, "invalid_event", {"channel"}),
        ({**GOOD, "payload": "text"}, "invalid_payload", {"payload"}),
        ({**GOOD, "payload": {"$x": 1}}, "invalid_payload", {"payload", "payload.$x"}),
        ({"channel": "", "payload": []}, "invalid_event", {"channel", "payload"}),
        ({"channel": "a", "payload": nested(MAX_DEPTH + 1)}, "invalid_payload", {"payload"}),
        ({"channel": "a", "payload": nested(253)}, "invalid_payload", {"payload"}),
        ('{"channel": "a", "payload": {"x": 1, "x": 2}}', "invalid_payload", {"payload"}),
        ('{"channel": "a", "payload": {"y": [{"x": 1, "x": 2}]}}', "invalid_payload", {"payload"}),
        ('{"channel": "a", "channel": "b", "payload": {}}', "invalid_event", {"channel"}),
        ('{"channel": "a", "payload": {"x": 1e999}}', "invalid_payload", {"payload"}),
        ('{"channel": "a", "payload": {"x": NaN}}', "invalid_payload", {"payload"}),
        ('{"channel": "a", "payload": {"x": "\\ud800"}}', "invalid_payload", {"payload"}),
    ],
)
def test_what_is_wrong_is_named(body: object, code: str, fields: set[str] | None) -> None:
    with pytest.raises(RefusalError) as refused:
        PublishRequest.from_http(request(body))
    assert refused.value.code == code
    assert (set(refused.value.fields) if refused.value.fields else None) == fields


def test_bytes_that_are_no_text_are_refused() -> None:
    event = request("") | {"body": base64.b64encode(b"\xff").decode(), "isBase64Encoded": True}
    with pytest.raises(RefusalError) as refused:
        PublishRequest.from_http(event)
    assert refused.value.code == "invalid_json"


def test_a_payload_over_the_limit_has_its_own_code() -> None:
    with pytest.raises(RefusalError) as refused:
        PublishRequest.from_http(request({"channel": "a", "payload": {"x": "x" * 131_072}}))
    assert refused.value.code == "payload_too_large"
    assert refused.value.fields is not None


def test_an_event_of_the_bus_is_a_request() -> None:
    event = {"source": "sapa", "account": "123456789012", "detail": GOOD}
    assert PublishRequest.from_eventbridge(event) == PublishRequest(
        channel="chat:lobby", payload={"message": "Hai"}, publisher="eventbridge:123456789012"
    )


def test_the_input_of_a_schedule_is_a_request() -> None:
    assert PublishRequest.from_eventbridge({"detail": GOOD}).publisher == "schedule"


@pytest.mark.parametrize(
    ("detail", "error"),
    [
        (None, LambdaEventError),
        ([], LambdaEventError),
        ({}, LambdaEventError),
        ({"channel": "a"}, LambdaEventError),
        ({"channel": "a", "payload": []}, LambdaEventError),
        ({"channel": "a b", "payload": {}}, ChannelNameError),
        ({"channel": "a", "payload": {"$x": 1}}, PayloadError),
        ({"channel": "a", "payload": nested(MAX_DEPTH + 1)}, PayloadError),
    ],
)
def test_a_wrong_event_of_the_bus_fails(detail: object, error: type[SapaError]) -> None:
    with pytest.raises(error):
        PublishRequest.from_eventbridge({"detail": detail})


def test_all_entrances_have_the_same_depth() -> None:
    services = FakeServices()
    event = {"channel": "a", "payload": nested(MAX_DEPTH)}
    assert PublishRequest.from_http(request(event)).payload == event["payload"]
    assert PublishRequest.from_eventbridge({"detail": event}).payload == event["payload"]
    client = services.connect("ana")
    client.join("a")
    client.context.publish("a", event["payload"])
    assert client.payloads("a") == [event["payload"]]
    with pytest.raises(PayloadError):
        client.context.publish("a", nested(MAX_DEPTH + 1))


@given(
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
        max_leaves=6,
    ),
    depth=st.integers(1, 80),
)
def test_what_one_entrance_refuses_the_others_refuse(payload: Any, depth: int) -> None:
    """The entrances agree, and what they accept comes back as it was sent."""
    for _ in range(depth):
        payload = {"x": payload}
    event = {"channel": "a", "payload": payload}
    services = FakeServices()
    client = services.connect("ana")
    client.join("a")
    codes = set()
    for entrance in (
        lambda: PublishRequest.from_http(request(event)),
        lambda: PublishRequest.from_eventbridge({"detail": event}),
        lambda: client.context.publish("a", payload),
    ):
        try:
            entrance()
            codes.add("accepted")
        except RefusalError as refusal:
            codes.add(refusal.code)
    assert len(codes) == 1
    if codes == {"accepted"}:
        assert decode(json.dumps(client.payloads("a")[0])) == payload
