"""Plain types are checked without a pydantic model, and just as by one."""

import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import ValidationError

from sapa.messages.inputs import are_scalars, arguments, scalar_validator, signature_of
from sapa.messages.model_inputs import field_name, input_model, input_schema
from sapa.processes.business_process import Context, business_process
from tests.unit.sapa.fakes import FakeServices

CONTEXT = FakeServices().connect("demo").context


@business_process
def order(
    context: Context,
    item: str,
    price: float,
    gift: bool,
    amount: int = 1,
    note: str = "",
    f: float = 2,
) -> None:
    """Everything that is plain."""


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**62),
    st.floats(),
    st.sampled_from(["", "1", "1.5", "true", "a\ud800", "\x00"]),
    st.text(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(), st.integers(), max_size=1),
)
KEYS = st.sampled_from(["item", "price", "gift", "amount", "note", "f", "context", "", "Item"])


def by_model(text: str) -> tuple[Any, ...]:
    """Values by key, or the problems."""
    try:
        model = input_model(order).model_validate_json(text, strict=True)
    except ValidationError as error:
        return problems(error)
    names = [parameter.key for parameter in order.parameters]
    return tuple((key, getattr(model, field_name(n))) for n, key in enumerate(names))


def by_core(text: str) -> tuple[Any, ...]:
    """The same."""
    try:
        checked = scalar_validator(order.parameters).validate_json(text)
    except ValidationError as error:
        return problems(error)
    return tuple((parameter.key, checked[parameter.key]) for parameter in order.parameters)


def problems(error: ValidationError) -> tuple[Any, ...]:
    """The problems, sorted."""
    return tuple(sorted((e["type"], e["loc"], e["msg"]) for e in error.errors()))


@given(st.dictionaries(KEYS, VALUES))
def test_verdict_and_values_are_those_of_the_model(message: dict[str, Any]) -> None:
    text = json.dumps(message)
    assert repr(by_core(text)) == repr(by_model(text))


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.integers())
def test_good_messages_give_what_the_model_gives(
    item: str, price: float, gift: bool, amount: int
) -> None:
    text = json.dumps({"item": item, "price": price, "gift": gift, "amount": amount})
    assert repr(by_core(text)) == repr(by_model(text))


def test_defaults_are_filled_in_unchecked() -> None:
    given_values = {"item": "tea", "price": 3, "gift": True}
    assert arguments(order, given_values, CONTEXT) == {
        **given_values,
        "amount": 1,
        "note": "",
        "f": 2,
        "context": CONTEXT,
    }


def test_types_are_named_as_in_the_schema() -> None:
    properties = input_schema(order)["properties"]
    words = [
        f"{p.key} ({properties[p.key]['type']}{'' if p.required else ', optional'})"
        for p in order.parameters
    ]
    assert signature_of(order) == ", ".join(words)


@pytest.mark.parametrize(
    "annotation", [Any, list[str], str | None, Annotated[int, "x"], dict, bytes]
)
def test_other_types_need_the_model(annotation: object) -> None:
    def process(value: object) -> None:
        """One input."""

    process.__annotations__["value"] = annotation
    assert not are_scalars(business_process(process).parameters)
