import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.websocket.tolerant_json import MAXIMUM_DEPTH, read

KEYS = st.text("abcXYZ_019-", min_size=1, max_size=6)
LEAVES = st.none() | st.booleans() | st.text("ab \\\"'\n\u20ac{}[],:", max_size=8)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"action":"sendMessage", body:"hello"}', {"action": "sendMessage", "body": "hello"}),
        ("{'a': 'it\\'s', \"b\": \"\\u20ac\\t\\q\"}", {"a": "it's", "b": "€\tq"}),
        ("{a: join , b: 12.50, c: true, d: false, e: null}", None),
        ("{a: [1, two, 'three',], b: {},}", {"a": ["1", "two", "three"], "b": {}}),
        ('{"a": "line\nbreak"}', {"a": "line\nbreak"}),
        ("  {a:[]}\n", {"a": []}),
        ("plain text", "plain text"),
        ('{"n": [1, -2, 1.0, 1e3, 00]}', {"n": ["1", "-2", "1.0", "1e3", "00"]}),
        ('{"n": [1, -2, 1.0, 1e3]}', {"n": ["1", "-2", "1.0", "1e3"]}),
    ],
)
def test_what_a_permissive_reader_takes(text: str, value: Any) -> None:
    words = {"a": "join", "b": "12.50", "c": True, "d": False, "e": None}
    assert read(text) == (words if value is None else value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "{",
        "{a",
        "{a}",
        "{a:}",
        "{a:1",
        "{a:1 b:2}]",
        "{a:{} b:{}}",
        "[[] []]",
        "[1,,2]",
        "{a:1} x",
        "{'a:1}",
        "{'a': '\\u12'}",
        "{:1}",
        "]",
        "{'a' 1}",
        "['a\\",
    ],
)
def test_what_even_a_permissive_reader_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)


@given(VALUES)
def test_strict_json_reads_as_itself(value: Any) -> None:
    assert read(json.dumps(value)) == value


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_a_trailing_comma_changes_nothing(value: dict[str, Any]) -> None:
    assert read(f"{json.dumps(value)[:-1]},}}") == value


@given(st.text("{}[]:,\"'\\ \n$au\u20ac0", max_size=30))
def test_any_text_reads_or_raises_value_error(text: str) -> None:
    with suppress(ValueError):
        json.dumps(read(text))


def test_depth_is_bounded() -> None:
    def nested(depth: int) -> str:
        return "{a:" * depth + "x" + "}" * depth

    assert read(nested(MAXIMUM_DEPTH))
    with pytest.raises(ValueError, match="nested too deep"):
        read(nested(MAXIMUM_DEPTH + 1))
