"""What clients send."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.connections.frames import (
    MAX_DEPTH,
    Control,
    ListAnswers,
    Message,
    Ping,
    Resume,
    Stop,
    decode,
    id_of,
    is_too_large,
    parse,
    render,
)
from sapa.errors import RefusalError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def read(text: str) -> Control | Message:
    """The message in a text frame, with a checked `$id`."""
    content = decode(text)
    id_of(content)
    return parse(content)


def nested(depth: int) -> str:
    """A message whose value nests `depth` arrays below the object."""
    return '{"message": ' + "[" * depth + "]" * depth + "}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid_json"),
        (" \n", "invalid_json"),
        ("Hai!", "invalid_json"),
        ("{", "invalid_json"),
        ('{"message": NaN}', "invalid_json"),
        ('{"message": -Infinity}', "invalid_json"),
        ('{"message": 1e999}', "invalid_json"),
        ('{"message": ' + "1" * 5_000 + "}", "invalid_json"),
        ('{"message": "a", "message": "b"}', "invalid_json"),
        ('{"message": {"a": 1, "\\u0061": 2}}', "invalid_json"),
        ('{"message": "\\ud800"}', "invalid_json"),
        ('{"\\udfff": 1}', "invalid_json"),
        ('{"message": "\ud800"}', "invalid_json"),
        (nested(MAX_DEPTH + 1), "invalid_json"),
        (nested(60_000), "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ("null", "not_an_object"),
        ("3", "not_an_object"),
        ('"Hai!"', "not_an_object"),
        ("[]", "not_an_object"),
        ('{"$id": null}', "invalid_message"),
        ('{"$id": true}', "invalid_message"),
        ('{"$id": 1.0}', "invalid_message"),
        ('{"$id": []}', "invalid_message"),
        (json.dumps({"$id": "x" * 65}), "invalid_message"),
        ('{"$resume": 1}', "invalid_message"),
        ('{"$resume": null}', "invalid_message"),
        ('{"$resume": ["chat:lobby"]}', "invalid_message"),
        ('{"$resume": {"chat:lobby": -1}}', "invalid_message"),
        ('{"$resume": {"chat:lobby": true}}', "invalid_message"),
        ('{"$resume": {"chat:lobby": 1.0}}', "invalid_message"),
        ('{"$resume": {"chat:lobby": 9007199254740992}}', "invalid_message"),
        (json.dumps({"$resume": dict.fromkeys(map(str, range(101)), 1)}), "invalid_message"),
        ('{"$resume": {}, "message": "Hai!"}', "invalid_message"),
        ('{"$resume": {}, "$ping": 1}', "invalid_message"),
        ('{"$resumed": {}}', "invalid_message"),
        ('{"$": 1}', "invalid_message"),
        ('{"$ping": 1, "message": "Hai!"}', "invalid_message"),
    ],
)
def test_what_is_no_message_is_refused(text: str, code: str) -> None:
    with pytest.raises(RefusalError) as refused:
        read(text)
    assert refused.value.code == code
    render(refused.value.as_json())


@pytest.mark.parametrize("message_id", ["", "x" * 64, "👋", 0, -1, 10**30])
def test_id_is_kept(message_id: str | int) -> None:
    text = json.dumps({"message": "Hai!", "$id": message_id})
    assert id_of(decode(text)) == message_id
    assert read(text) == Message({"message": "Hai!"})


def test_refusals_name_the_keys() -> None:
    with pytest.raises(RefusalError) as refused:
        parse({"$id": 7, "$channel": 1, "$x": 2})
    assert refused.value.fields == {"$channel": "reserved", "$x": "reserved"}
    with pytest.raises(RefusalError) as refused:
        parse({"$ping": 1, "message": "Hai!"})
    assert set(refused.value.fields or ()) == {"message"}


def test_many_and_long_keys_are_not_all_repeated() -> None:
    with pytest.raises(RefusalError) as refused:
        parse({f"${number:0100}": 1 for number in range(1_000)})
    assert len(render(refused.value.as_json())) < 5_000


@pytest.mark.parametrize("value", [None, 1, "x", [1, {"a": None}], {"t": 1.5}])
def test_ping_keeps_its_value(value: object) -> None:
    assert read(json.dumps({"$ping": value, "$id": "a"})) == Ping(value)
    assert read(json.dumps({"$ping": value})) == Ping(value)


@pytest.mark.parametrize("positions", [{}, {"chat:lobby": 0, "user:démo": 2**53 - 1}])
def test_resume_keeps_its_positions(positions: dict[str, int]) -> None:
    assert read(json.dumps({"$resume": positions, "$id": "a"})) == Resume(positions)


def test_refused_resume_says_why() -> None:
    with pytest.raises(RefusalError) as refused:
        parse({"$resume": {"chat:lobby": "41"}, "$id": 3})
    assert list(refused.value.fields or ()) == ["$resume"]


def test_nesting_is_allowed_up_to_a_depth() -> None:
    assert isinstance(read(nested(MAX_DEPTH - 1)), Message)


@given(JSON)
def test_json_comes_through_unchanged(value: Any) -> None:
    message = read(render({"message": value}))
    assert isinstance(message, Message)
    assert message.inputs == {"message": value}


@given(st.text() | JSON.map(json.dumps))
def test_any_text_is_a_message_or_refused(text: str) -> None:
    outcome = _outcome(text)
    assert isinstance(outcome, Message | Ping | Resume | Stop | ListAnswers | RefusalError)


def _outcome(text: str) -> Control | Message | RefusalError:
    try:
        return read(text)
    except RefusalError as error:
        return error


def test_size_is_counted_in_bytes() -> None:
    assert not is_too_large("é" * 65_536)
    assert is_too_large("é" * 65_536 + "x")


def test_error_frame_has_the_details_of_the_refusal() -> None:
    refusal = RefusalError("c", "m", {"a": "b"}, request_id="r", retry_after_ms=5)
    details = {"fields": {"a": "b"}, "request_id": "r", "retry_after_ms": 5}
    assert json.loads(render(refusal.as_json(), "i")) == {
        "error": {"code": "c", "message": "m", **details},
        "$id": "i",
    }
    assert RefusalError("c", "m").as_json() == {"error": {"code": "c", "message": "m"}}


@pytest.mark.parametrize(
    ("content", "parsed"),
    [
        ({"$stop": "a1", "$id": 1}, Stop("a1")),
        ({"$answers": True}, ListAnswers()),
        ({"$once": "k", "text": "Hai!"}, Message({"text": "Hai!"}, "k")),
        ({"$once": "k" * 64}, Message({}, "k" * 64)),
    ],
)
def test_controls_of_answers_and_messages_that_happen_once(
    content: dict[str, Any], parsed: object
) -> None:
    assert parse(content) == parsed


@pytest.mark.parametrize(
    "content",
    [
        {"$stop": 5},
        {"$stop": ""},
        {"$stop": "x" * 65},
        {"$answers": 1},
        {"$answers": False},
        {"$once": ""},
        {"$once": "k" * 65},
        {"$once": 7},
        {"$once": None},
        {"$stop": "a1", "text": "Hai!"},
        {"$ping": 1, "$once": "k"},
        {"$answers": True, "$stop": "a1"},
    ],
)
def test_controls_of_other_types_or_beside_others_are_refused(content: dict[str, Any]) -> None:
    with pytest.raises(RefusalError) as caught:
        parse(content)
    assert caught.value.code == "invalid_message"
    assert caught.value.fields
