"""The values of templates behave as Java's do."""

import json
from typing import Any

import pytest

from local_gateway.core.websocket.velocity_values import (
    MISSING,
    Missing,
    Text,
    VelocityError,
    java_text,
    json_value,
    velocity_value,
)


def call(value: object, name: str, *arguments: object) -> Any:
    return json_value(velocity_value(value)[name](*map(velocity_value, arguments)))


@pytest.mark.parametrize(
    ("text", "name", "arguments", "result"),
    [
        ("abc", "charAt", (1,), "b"),
        ("a", "concat", ("b",), "ab"),
        ("abc", "contains", ("bc",), True),
        ("abc", "endsWith", ("bc",), True),
        ("abc", "startsWith", ("bc",), False),
        ("abc", "equals", ("abc",), True),
        ("abc", "equalsIgnoreCase", ("ABC",), True),
        ("abca", "indexOf", ("a", 1), 3),
        ("abc", "indexOf", ("x",), -1),
        ("abca", "lastIndexOf", ("a",), 3),
        ("", "isEmpty", (), True),
        ("abc", "length", (), 3),
        ("abc", "matches", ("[a-c]+",), True),
        ("abc", "matches", ("b",), False),
        ("a.b.c", "replace", (".", "-"), "a-b-c"),
        ("a1b22", "replaceAll", (r"\d+", "#"), "a#b#"),
        ("ab", "replaceAll", ("(a)(b)", "$2$1"), "ba"),
        ("a-b", "replaceAll", ("-", r"\$\\"), r"a$\b"),
        ("aa", "replaceFirst", ("a", "b"), "ba"),
        ("a,b,,", "split", (",",), ["a", "b"]),
        ("a,b,,", "split", (",", 2), ["a", "b,,"]),
        ("ab", "split", ("",), ["a", "b"]),
        ("", "split", (",",), [""]),
        ("abc", "substring", (1,), "bc"),
        ("abc", "substring", (0, 2), "ab"),
        ("aBc", "toLowerCase", (), "abc"),
        ("aBc", "toUpperCase", (), "ABC"),
        ("abc", "toString", (), "abc"),
        (" a ", "trim", (), "a"),
    ],
)
def test_methods_of_strings(
    text: str, name: str, arguments: tuple[object, ...], result: object
) -> None:
    assert call(text, name, *arguments) == result


@pytest.mark.parametrize(
    ("name", "arguments", "result", "after"),
    [
        ("add", (3,), True, [1, 2, 3]),
        ("add", (0, 3), True, [3, 1, 2]),
        ("addAll", ([3],), True, [1, 2, 3]),
        ("contains", (2,), True, [1, 2]),
        ("get", (1,), 2, [1, 2]),
        ("indexOf", (2,), 1, [1, 2]),
        ("indexOf", (3,), -1, [1, 2]),
        ("isEmpty", (), False, [1, 2]),
        ("remove", (0,), 1, [2]),
        ("remove", ("x",), False, [1, 2]),
        ("set", (0, 9), 1, [9, 2]),
        ("size", (), 2, [1, 2]),
        ("toString", (), "[1,2]", [1, 2]),
    ],
)
def test_methods_of_lists(
    name: str, arguments: tuple[object, ...], result: object, after: list[object]
) -> None:
    values = [1, 2]
    assert call(values, name, *arguments) == result
    assert values == after


def test_a_list_gives_up_a_member() -> None:
    values = ["a", "b"]
    assert call(values, "remove", "a") is True
    assert values == ["b"]


@pytest.mark.parametrize(
    ("name", "arguments", "result", "after"),
    [
        ("containsKey", ("a",), True, {"a": 1}),
        ("containsValue", (2,), False, {"a": 1}),
        ("entrySet", (), [{"key": "a", "value": 1}], {"a": 1}),
        ("get", ("a",), 1, {"a": 1}),
        ("get", ("b",), None, {"a": 1}),
        ("getOrDefault", ("b", 2), 2, {"a": 1}),
        ("isEmpty", (), False, {"a": 1}),
        ("keySet", (), ["a"], {"a": 1}),
        ("put", ("a", {"x": [True]}), 1, {"a": {"x": [True]}}),
        ("putAll", ({"b": 2},), None, {"a": 1, "b": 2}),
        ("remove", ("a",), 1, {}),
        ("size", (), 1, {"a": 1}),
        ("toString", (), "{a=1}", {"a": 1}),
        ("values", (), [1], {"a": 1}),
    ],
)
def test_methods_of_objects(
    name: str, arguments: tuple[object, ...], result: object, after: dict[str, object]
) -> None:
    values: dict[str, Any] = {"a": 1}
    assert call(values, name, *arguments) == result
    assert values == after


def test_an_entry_has_a_key_and_a_value() -> None:
    entry = {"key": "k", "value": 1}
    assert (call(entry, "getKey"), call(entry, "getValue")) == ("k", 1)


def test_what_is_missing_has_nothing() -> None:
    deep = velocity_value({"a": None})["a"]["b"](1)["c"]
    assert isinstance(deep, Missing)
    assert (str(deep), bool(deep), len(deep), list(deep)) == ("", False, 0, [])
    assert deep == MISSING
    assert deep == velocity_value(None)
    assert hash(deep) == hash(MISSING)
    assert velocity_value(["a"])[7] == MISSING
    assert str(velocity_value("text")["member"]) == ""


def test_a_method_that_is_missing_is_named() -> None:
    with pytest.raises(VelocityError, match=r"^a string has no method upper\(\) here$"):
        velocity_value("x")["upper"]()
    with pytest.raises(VelocityError, match=r"^a list has no method push\(\) here$"):
        velocity_value([])["push"](1)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(VelocityError, match=r"^length\(\): len\(\) takes exactly one argument"):
        velocity_value("x")["length"](1, 2)


def test_texts_compare_and_add() -> None:
    text = velocity_value("b")
    assert text == "b"
    assert text == Text("b")
    assert text != 1
    assert (text > "a", text < "a", text > "a", text <= "b", text >= "c") == (
        *(True, False, True, True, False),
    )
    assert (str(text + 1), str("a" + text)) == ("b1", "ab")
    assert {text: 1}[Text("b")] == 1
    assert len(text) == 1


def test_truths_are_written_as_in_java() -> None:
    truth = velocity_value(True)
    assert (str(truth), str(velocity_value(False)), bool(truth)) == ("true", "false", True)
    assert truth == velocity_value(True)
    assert truth == True  # noqa: E712 - what a template compares with
    assert truth != 1
    assert hash(truth) == hash(True)


def test_lists_and_objects_can_be_changed_and_compared() -> None:
    items, members = velocity_value([1]), velocity_value({"a": 1})
    items[0] = Text("x")
    members["b"] = velocity_value([2])
    assert (items.values, members.values) == (["x"], {"a": 1, "b": [2]})
    assert items == ["x"]
    assert members == {"a": 1, "b": [2]}
    assert (len(items), len(members), [str(item) for item in members]) == (1, 2, ["1", "[2]"])
    assert items[True] != "x"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": [{"c": 5}]}, '{a=1, b=[{"c":5}]}'),
        ({"a": {"b": None, "t": True}}, "{a={b=null, t=true}}"),
        ([None, 1.5, "é"], '[null,1.5,"é"]'),
    ],
)
def test_objects_are_written_as_in_java_and_lists_as_json(value: object, text: str) -> None:
    assert java_text(value) == text
    assert str(velocity_value(value)) == text


def test_a_list_of_the_template_is_written_as_in_java() -> None:
    assert str(velocity_value(["a", None, {"b": 1}], is_json=False)) == "[a, null, {b=1}]"


def test_values_become_json_again() -> None:
    value = {"a": [1, "x", None, True], "b": {"c": 1.5}}
    assert json_value({name: velocity_value(item) for name, item in value.items()}) == value
    assert json_value([velocity_value(1), velocity_value(None)]) == [1, None]
    assert json.dumps(json_value(velocity_value(value))) == json.dumps(value)
