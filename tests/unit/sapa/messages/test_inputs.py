"""Inputs, checked against the signature."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, TypedDict

import pytest
from annotated_types import Ge
from pydantic import BaseModel

from sapa.errors import BusinessProcessError, RefusalError
from sapa.messages.inputs import MAX_PROBLEMS, arguments, frame_types, signature_of
from sapa.messages.model_inputs import input_model, input_schema
from sapa.processes.business_process import Context, Process, business_process
from tests.unit.sapa.fakes import FakeServices

CONTEXT = FakeServices().connect("demo").context


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Point(BaseModel):
    """A nested object."""

    x: float
    y: float


@business_process
def paint(
    context: Context,
    colour: Colour,
    size: Annotated[float, Ge(0)],
    at: Point,
    on: date,
    layers: int = 1,
    tags: list[str] | None = None,
) -> str:
    """Paint."""
    return f"{colour} {size} {at} {on} {layers} {tags} {context.username}"


GOOD: dict[str, Any] = {"colour": "red", "size": 1, "at": {"x": 1, "y": 2}, "on": "2026-11-23"}


def test_json_becomes_python() -> None:
    assert arguments(paint, GOOD, CONTEXT) == {
        "colour": Colour.RED,
        "size": 1.0,
        "at": Point(x=1, y=2),
        "on": date(2026, 11, 23),
        "layers": 1,
        "tags": None,
        "context": CONTEXT,
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"colour": "green"}, "colour"),
        ({"colour": 1}, "colour"),
        ({"size": "1"}, "size"),
        ({"size": -1}, "size"),
        ({"size": True}, "size"),
        ({"size": None}, "size"),
        ({"layers": 1.5}, "layers"),
        ({"layers": "1"}, "layers"),
        ({"at": {"x": 1, "y": "2"}}, "at.y"),
        ({"at": {"x": 1}}, "at.y"),
        ({"at": []}, "at"),
        ({"on": 3}, "on"),
        ({"on": "soon"}, "on"),
        ({"tags": "a"}, "tags"),
        ({"tags": ["a", 1]}, "tags.1"),
        ({"context": {}}, "context"),
        ({"field_0": "red"}, "field_0"),
        ({"": 1}, ""),
        ({"__class__": 1}, "__class__"),
        ({"size": 10**400}, "size"),
    ],
)
def test_wrong_input_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(RefusalError) as refused:
        arguments(paint, {**GOOD, **changes}, CONTEXT)
    assert refused.value.code == "invalid_message"
    assert set(refused.value.fields or ()) == {field}
    for name in ("colour", "size", "layers"):
        assert name in refused.value.message


def test_missing_and_unknown_keys_are_told_together() -> None:
    with pytest.raises(RefusalError) as refused:
        arguments(paint, {"color": "red", "at": {"x": 1, "y": 1}, "on": "2026-11-23"}, CONTEXT)
    expected = "unknown input variable; expected: colour, size, at, on, layers, tags"
    assert refused.value.fields == {"colour": "missing", "size": "missing", "color": expected}


def test_many_problems_are_counted_and_not_all_told() -> None:
    with pytest.raises(RefusalError) as refused:
        arguments(paint, {**GOOD, **{"x" * 100 + str(n): 1 for n in range(50)}}, CONTEXT)
    assert len(refused.value.fields or ()) == 1, "shortened names are merged"
    with pytest.raises(RefusalError) as refused:
        arguments(paint, {**GOOD, **{f"x{n}": 1 for n in range(50)}}, CONTEXT)
    assert len(refused.value.fields or ()) == MAX_PROBLEMS
    assert "30 more problems" in refused.value.message


def test_parameters_may_have_pydantics_own_names() -> None:
    @business_process
    def odd(
        json: str, model_config: int, copy: int, self: int, cls: int, _private: int, from_: int
    ) -> None:
        """Odd names."""

    given = {
        "json": "a", "model_config": 1, "copy": 2, "self": 3, "cls": 4, "_private": 5, "from": 6,
    }  # fmt: skip
    expected = {key if key != "from" else "from_": value for key, value in given.items()}
    assert arguments(odd, given, CONTEXT) == expected
    assert list(input_schema(odd)["properties"]) == list(given)


def test_model_is_built_once() -> None:
    assert input_model(paint) is input_model(paint)


def test_signature_in_words() -> None:
    assert signature_of(paint) == (
        "colour (Colour), size (number), at (Point), on (string), layers (integer, optional), "
        "tags (array or null, optional)"
    )

    @business_process
    def silent() -> None:
        """No inputs."""

    @business_process
    def open_minded(value: Any) -> None:
        """Anything."""

    assert signature_of(silent) == "none"
    assert signature_of(open_minded) == "value (any)"
    with pytest.raises(RefusalError) as refused:
        arguments(silent, {"a": 1}, CONTEXT)
    assert refused.value.fields == {"a": "unknown input variable; expected: none"}


def test_schema_forbids_other_keys_and_hides_the_context() -> None:
    schema = input_schema(paint)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["colour", "size", "at", "on"]
    assert "context" not in schema["properties"]
    assert (schema["title"], schema["description"]) == ("paint", "Paint.")


def test_unusable_type_is_named() -> None:
    class Opaque:
        """No JSON."""

    @business_process
    def broken(message: Opaque) -> None:
        """A type that pydantic cannot read."""

    with pytest.raises(BusinessProcessError, match="unusable signature"):
        input_model(broken)


class Row(TypedDict):
    """A mapping with known keys."""

    n: int


def process(hint: object) -> Process:
    """A process with this return annotation."""

    def made() -> None:
        """Made."""

    made.__annotations__["return"] = hint
    return business_process(made)


@pytest.mark.parametrize(
    ("hint", "types"),
    [
        (None, []),
        (str, [str]),
        (Point, [Point]),
        (Row, [Row]),
        (dict[str, int], [dict[str, int]]),
        (Point | None, [Point]),
        (str | Point, [str, Point]),
        (Iterator[str], [str]),
        (Iterator[str | Row | None], [str, Row]),
        (Annotated[Point, "note"], [Annotated[Point, "note"]]),
    ],
)
def test_types_of_frames(hint: object, types: list[object]) -> None:
    assert frame_types(process(hint)) == types
