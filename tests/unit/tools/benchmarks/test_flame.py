"""Stacks become boxes: as wide as their share, each on its caller."""

import pytest

from tools.benchmarks.flame import Box, boxes, folded, trimmed

PROFILE = {"a:f": 1, "a:f;b:g": 4, "a:f;b:g;c:h": 1, "a:f;d:k": 2}


def test_stacks_are_folded_with_the_most_frequent_first() -> None:
    stacks = {("a:f", "b:g"): 1, ("a:f",): 3, ("a:e",): 1}
    assert list(folded(stacks).items()) == [("a:f", 3), ("a:e", 1), ("a:f;b:g", 1)]


def test_rare_calls_are_left_to_their_callers() -> None:
    assert trimmed(PROFILE, 0.2) == {"a:f;b:g": 5, "a:f;d:k": 2, "a:f": 1}


def test_trimming_loses_no_sample() -> None:
    assert trimmed(PROFILE, 1.0) == {"a:f": 8}


def test_outermost_function_stays_however_rare() -> None:
    assert trimmed({"a:f": 99, "b:g": 1}, 0.5) == {"a:f": 99, "b:g": 1}


def test_box_stands_on_its_caller_beside_its_siblings() -> None:
    assert boxes(PROFILE) == [
        Box(name="a:f", depth=0, left=0.0, width=1.0),
        Box(name="b:g", depth=1, left=0.0, width=0.625),
        Box(name="c:h", depth=2, left=0.0, width=0.125),
        Box(name="d:k", depth=1, left=0.625, width=0.25),
    ]


def test_same_function_below_two_callers_is_two_boxes() -> None:
    found = boxes({"a:f;c:h": 1, "b:g;c:h": 1})
    assert [(box.name, box.left) for box in found] == [
        ("a:f", 0.0),
        ("c:h", 0.0),
        ("b:g", 0.5),
        ("c:h", 0.5),
    ]


def test_no_samples_are_no_boxes() -> None:
    assert boxes({}) == []


@pytest.mark.parametrize(
    ("name", "package", "label"),
    [
        ("json.encoder:JSONEncoder.encode", "json", "JSONEncoder.encode"),
        ("sapa.messages.replies:answer", "sapa", "replies.answer"),
        ("json:dumps", "json", "json.dumps"),
        ("sapa.observability:observed.<locals>.logged", "sapa", "observability.logged"),
    ],
)
def test_label_is_the_function_and_where_it_belongs(name: str, package: str, label: str) -> None:
    box = Box(name=name, depth=0, left=0.0, width=1.0)
    assert (box.package, box.label) == (package, label)
