import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.websocket.route_selection import RouteSelection, choose_route
from tests.unit.local_gateway.core.samples import api

NAMES = st.text("abcdefXYZ_0123456789", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("expression", "body", "key"),
    [
        ("$request.body.action", '{"action": "join"}', "join"),
        ("${request.body.action}", '{"action": "join"}', "join"),
        ("${ request.body.action }", '{"action": "join"}', "join"),
        ("${request.body.a}-${request.body.b}", '{"a": "join"}', "join-"),
        ("${request.body.a}/${request.body.b}", '{"a": "x", "b": "y"}', "x/y"),
        ("pre${request.body.a}post", '{"a": "-"}', "pre-post"),
        ("$request.body.a.b.c", '{"a": {"b": {"c": "deep"}}}', "deep"),
        ("$request.body.list[1].name", '{"list": [{}, {"name": "second"}]}', "second"),
        ("$request.body.list[9]", '{"list": []}', ""),
        ("$request.body.a[0]", '{"a": {"0": "x"}}', ""),
        ("$request.body.a.b", '{"a": ["b"]}', ""),
        ("$request.body.a.b", '{"a": "b"}', ""),
        ("${request.body['two words']}", '{"two words": "x"}', "x"),
        ('${request.body["a.b"]}', '{"a.b": "x"}', "x"),
        ("$request.body.content-type", '{"content-type": "x"}', "x"),
        ("$request.body.action", "{}", ""),
        ("$request.body.action", '{"action": null}', ""),
        ("$request.body.action", '{"action": 1}', "1"),
        ("$request.body.action", '{"action": 1.50}', "1.50"),
        ("$request.body.action", '{"action": true}', "true"),
        ("$request.body.action", '{"action": false}', "false"),
        ("$request.body.action", '{"action": ["a", 1, true, null, ["b"]]}', None),
        ("$request.body.action", '{"action": {"b": "c", "d": true}}', '{"b":"c","d":true}'),
        ("$request.body.action", '{"action":"sendMessage", body:"hello"}', "sendMessage"),
        ("$request.body.b", '{a:[{}], b : "x, c: \\" {d: 1}", "e":2}', 'x, c: " {d: 1}'),
        ("$request.body.action", '{"action": "join", "b": "line\nbreak"}', "join"),
        ("static", '{"action": "x"}', "static"),
        ("static", "[1]", "static"),
        (r"\$default", "{}", "$default"),
        ("$default", "{}", "$default"),
        (r"a\b\$c${request.body.d}", '{"d": "!"}', r"a\b$c!"),
        ("$request.body[2]", '["a", "b", "c"]', "c"),
        ("$request.body", '"hello"', "hello"),
        ("$request.body.action.", '{"action": "x"}', "x."),
        ("${request.body.action}", '{"action": "${request.body.b}", "b": "no"}', None),
    ],
)
def test_the_key_that_a_body_spells(expression: str, body: str, key: str | None) -> None:
    special = "[a, 1, true, null, [b]]" if "null" in body else "${request.body.b}"
    assert RouteSelection.parse(expression).select(body) == (special if key is None else key)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hello",
        "1",
        "null",
        '"join"',
        '["join"]',
        "{",
        '{"action": "join"} {"action": "join"}',
        "{'action': 'join'}",
        "{action: join}",
        '{"action": "join",}',
        '{"action": "join' + '\\"' * 60_000,
        "{" * 50_000,
        "[" * 200_000,
        '{"action": ' + "[" * 3_000 + "]" * 3_000 + "}",
    ],
)
def test_a_body_without_members_selects_nothing(body: str) -> None:
    assert RouteSelection.parse("$request.body.action").select(body) is None


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("", "must not be empty"),
        ("$", r"at character 0 of '\$'"),
        ("a-$request.header.x", "at character 2"),
        ("${request.header.x}", r"expected \$\{request.body.name\} at character 0"),
        ("${request.body.a", "at character 0"),
        ("${request.body.}", r"expected .name, \[index\]"),
        ("${request.bodyx}", r"in place of 'x'"),
        ("$request.body.a[*]", r"in place of '\[\*\]'"),
        ("$request.body.a[-1]", r"in place of '\[-1\]'"),
    ],
)
def test_a_bad_expression_says_where(expression: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        RouteSelection.parse(expression)


@pytest.mark.parametrize(
    ("body", "route_key"),
    [
        ('{"action": "join"}', "join"),
        ('{"action": "Join"}', "$default"),
        ('{"action": "1"}', "1"),
        ('{"action": 1}', "1"),
        ('{"action": "other"}', "$default"),
        ('{"action": ""}', "$default"),
        ('{"action": "$connect"}', "$default"),
        ('{"action": "$disconnect"}', "$default"),
        ('{"action": "$default"}', "$default"),
        ("hello", "$default"),
    ],
)
def test_the_route_that_runs(body: str, route_key: str) -> None:
    selection = RouteSelection.parse("$request.body.action")
    keys = ("$connect", "$disconnect", "join", "1")
    route = choose_route(api(*keys, "$default"), selection, body)
    assert route is not None
    assert route.route_key == route_key
    without_default = choose_route(api(*keys), selection, body)
    assert without_default == (None if route_key == "$default" else route)


@given(NAMES, NAMES)
def test_any_name_selects_its_value(name: str, value: str) -> None:
    for expression in (f"$request.body.{name}", f"${{request.body['{name}']}}"):
        assert RouteSelection.parse(expression).select(json.dumps({name: value})) == value


@given(st.lists(st.tuples(NAMES, st.sampled_from(["-", "/", ":", " "])), min_size=1, max_size=5))
def test_literals_and_variables_keep_their_order(parts: list[tuple[str, str]]) -> None:
    expression = "".join(f"${{request.body.{name}}}{literal}" for name, literal in parts)
    body = json.dumps({name: name.upper() for name, _ in parts})
    wanted = "".join(name.upper() + literal for name, literal in parts)
    assert RouteSelection.parse(expression).select(body) == wanted


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text('aé€"\\{', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["action", "b"]), JSON))
def test_every_object_spells_some_key(body: dict[str, Any]) -> None:
    selection = RouteSelection.parse("$request.body.action")
    assert isinstance(selection.select(json.dumps(body)), str)


@given(st.text("{}[]:,\"'\\ \n$aué0", max_size=40))
def test_any_text_leads_to_a_route(body: str) -> None:
    selection = RouteSelection.parse("$request.body.action")
    served = api("$default")
    assert choose_route(served, selection, body) is served.routes["$default"]


@given(st.text("$\\{}.[]'aequstr body", max_size=30))
def test_any_expression_is_read_or_refused_with_a_reason(expression: str) -> None:
    with suppress(ValueError):
        selection = RouteSelection.parse(expression)
        assert isinstance(selection.select("{}"), str)
