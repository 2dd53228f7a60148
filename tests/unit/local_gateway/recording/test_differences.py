from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.recording.differences import Change, Difference, differences

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ({"a": 1}, {"a": 2}, ["~ r.a: 1 → 2"]),
        ({"a": 1}, {}, ["- r.a: 1"]),
        ({}, {"a": [1]}, ["+ r.a: [1]"]),
        ([1, 2], [1], ["- r[1]: 2"]),
        ([1], [1, {"b": "x"}], ['+ r[1]: {"b": "x"}']),
        ({"a": {"b": [{"c": "x"}]}}, {"a": {"b": [{"c": "ý"}]}}, ['~ r.a.b[0].c: "x" → "ý"']),
        (1, True, ["~ r: 1 → true"]),
        ({"a": 1}, {"a": 1.0}, ["~ r.a: 1 → 1.0"]),
        (None, {}, ["~ r: null → {}"]),
        ({"body": '{"n": 1, "m": 2}'}, {"body": '{"m":2,"n":3}'}, ["~ r.body.n: 1 → 3"]),
        ({"body": '{"n": 1}'}, {"body": '{"n":1}'}, [r'~ r.body: "{\"n\": 1}" → "{\"n\":1}"']),
        ({"body": "1"}, {"body": "2"}, ['~ r.body: "1" → "2"']),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
    ],
)
def test_difference_is_shown(before: Any, after: Any, shown: list[str]) -> None:
    assert [str(difference) for difference in differences("r", before, after)] == shown


def test_of_long_text_the_part_that_differs_is_shown() -> None:
    before, after = "x" * 500 + "old" + "x" * 500, "x" * 500 + "new" + "x" * 500
    (difference,) = differences("r", before, after)
    assert "old" in str(difference)
    assert "new" in str(difference)
    assert len(str(difference)) < 250


def test_values_for_machines_are_whole() -> None:
    assert Difference("r", Change.ADDED, after="x" * 500).as_json() == {
        "path": "r",
        "change": "added",
        "after": "x" * 500,
    }
    assert Difference("r", Change.REMOVED, before=None).as_json() == {
        "path": "r",
        "change": "removed",
        "before": None,
    }


def test_what_is_nested_too_deeply_is_a_difference_and_no_traceback() -> None:
    before: list[Any] = []
    for _ in range(5_000):
        before = [before]
    assert differences("r", before, before)


@given(json_values)
def test_equal_values_do_not_differ(value: Any) -> None:
    assert differences("r", value, value) == []


@given(json_values, json_values)
def test_values_differ_if_and_only_if_there_is_a_difference(before: Any, after: Any) -> None:
    assert bool(differences("r", before, after)) is (_typed(before) != _typed(after))


def _typed(value: Any) -> Any:
    """A value in which true and 1 are not equal, and the order of members counts for nothing."""
    if isinstance(value, dict):
        return {name: _typed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return type(value).__name__, value
