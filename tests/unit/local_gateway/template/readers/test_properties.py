"""Properties are typed values, or one clear line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.source import Json, Source
from local_gateway.template.document.stack import Stack
from local_gateway.template.intrinsics.resolver import Resolver
from local_gateway.template.loading.nested_stacks import LoadTimeReferences
from local_gateway.template.readers.properties import Properties


def properties(**values: Json) -> Properties:
    resolver = Resolver(stack=Stack(), references=LoadTimeReferences(), parameters={"Stage": "dev"})
    source = Source(path=Path("t.yaml"), document={"Resources": {"R": {"Properties": values}}})
    return Properties(source, "R", values, resolver)


type Read = Callable[[Properties], object]


@pytest.mark.parametrize(
    ("value", "read", "expected"),
    [
        ({"Ref": "Stage"}, lambda it: it.text("X"), "dev"),
        (5, lambda it: it.text("X"), "5"),
        (True, lambda it: it.optional_text("X"), "true"),
        (None, lambda it: it.optional_text("X"), None),
        ("A", lambda it: it.choice("X", ("A", "B")), "A"),
        (None, lambda it: it.choice("X", ("A", "B"), "B"), "B"),
        ("12", lambda it: it.integer("X"), 12),
        (None, lambda it: it.integer_between("X", 1, 5, 3), 3),
        ("2.5", lambda it: it.number("X"), 2.5),
        ("true", lambda it: it.flag("X"), True),
        (None, lambda it: it.flag("X"), False),
        ("one", lambda it: it.texts("X"), ("one",)),
        (["one", 2], lambda it: it.texts("X"), ("one", "2")),
        ({"a": 1}, lambda it: it.text_map("X"), {"a": "1"}),
        ({"a": {"b": 1}}, lambda it: [name for name, _ in it.sections("X")], ["a"]),
    ],
)
def test_values_are_typed(value: Json, read: Read, expected: object) -> None:
    assert read(properties(X=value)) == expected


@pytest.mark.parametrize(
    ("value", "read", "message"),
    [
        (None, lambda it: it.text("X"), "R: X is missing"),
        ([1], lambda it: it.text("X"), "R: X: expected text"),
        ("C", lambda it: it.choice("X", ("A", "B")), "R: X: C is not allowed; allowed: A, B"),
        (None, lambda it: it.choice("X", ("A",)), "R: X is missing"),
        ("x", lambda it: it.integer("X"), "R: X: expected a whole number, found x"),
        (9, lambda it: it.integer_between("X", 1, 5, 3), "from 1 to 5, found 9"),
        ("x", lambda it: it.number("X"), "R: X: expected a number, found x"),
        ("yes", lambda it: it.flag("X"), "R: X: expected true or false"),
        ([{}], lambda it: it.texts("X"), "R: X: expected a list of texts"),
        ("x", lambda it: it.section("X"), "R: X: expected an object"),
        ({"Ref": "Table"}, lambda it: it.value("X"), "R: X: Table does not exist yet"),
    ],
)
def test_what_does_not_fit_names_its_property(value: Json, read: Read, message: str) -> None:
    with pytest.raises(TemplateError) as raised:
        read(properties(X=value))
    assert message in str(raised.value)


def test_members_of_other_names_are_refused() -> None:
    section = properties(X={"Rate": 1, "Brust": 2}).section("X")
    with pytest.raises(TemplateError, match=r"R: X\.Brust: unknown property; did you mean Burst\?"):
        section.only("Rate", "Burst")
