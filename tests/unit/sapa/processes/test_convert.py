"""The unit converter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.processes.convert import System, Unit, convert


@pytest.mark.parametrize(
    ("value", "source", "target", "amount"),
    [
        (5, Unit.KILOMETRE, Unit.MILE, 3.10686),
        (1, Unit.INCH, Unit.MILLIMETRE, 25.4),
        (1, Unit.POUND, Unit.GRAM, 453.592),
        (100, Unit.CELSIUS, Unit.FAHRENHEIT, 212),
        (-40, Unit.FAHRENHEIT, Unit.CELSIUS, -40),
        (0, Unit.KELVIN, Unit.CELSIUS, -273.15),
        (-1e-9, Unit.METRE, Unit.KILOMETRE, -1e-12),
    ],
)
def test_amounts(value: float, source: Unit, target: Unit, amount: float) -> None:
    amounts = {each.unit: each.value for each in convert(value, source)}
    assert amounts[target] == pytest.approx(amount, rel=1e-12)
    assert source not in amounts


def test_message_reads_well() -> None:
    first, *_ = convert(1234.5, Unit.KILOMETRE, System.IMPERIAL, 1)
    assert first.message == "1,234.5 km = 48,602,362.2 in"


@pytest.mark.parametrize(
    ("value", "source", "target", "shown"),
    [
        (12.5, Unit.INCH, Unit.KILOMETRE, "0.0003175"),
        (12.5, Unit.INCH, Unit.MILE, "0.000197285"),
        (1, Unit.MILE, Unit.MILLIMETRE, "1,609,344"),
        (5, Unit.KILOMETRE, Unit.FOOT, "16,404.2"),
        (1e-6, Unit.MILLIMETRE, Unit.MILE, "0.000000000000621371"),
        (100, Unit.METRE, Unit.KILOMETRE, "0.1"),
        (100, Unit.KILOMETRE, Unit.METRE, "100,000"),
        (0, Unit.GRAM, Unit.KILOGRAM, "0"),
        (32, Unit.FAHRENHEIT, Unit.CELSIUS, "0"),
        (0, Unit.CELSIUS, Unit.FAHRENHEIT, "32"),
    ],
)
def test_answer_without_decimals_has_six_significant_digits(
    value: float, source: Unit, target: Unit, shown: str
) -> None:
    messages = {each.unit: each.message for each in convert(value, source)}
    assert messages[target] == f"{value:,.12g} {source} = {shown} {target}"


def test_system_picks_the_targets() -> None:
    imperial = {each.unit for each in convert(1, Unit.GRAM, System.IMPERIAL)}
    metric = {each.unit for each in convert(1, Unit.GRAM, System.METRIC)}
    assert (imperial, metric) == ({Unit.OUNCE, Unit.POUND}, {Unit.KILOGRAM})
    assert {each.unit for each in convert(1, Unit.GRAM)} == imperial | metric


@given(st.floats(-1e15, 1e15), st.sampled_from(Unit), st.sampled_from(System), st.integers(0, 12))
def test_there_and_back(value: float, unit: Unit, system: System, decimals: int) -> None:
    for there in convert(value, unit, system, 12):
        back = {each.unit: each.value for each in convert(there.value, there.unit, System.ALL, 12)}
        assert back[unit] == pytest.approx(value, rel=1e-6, abs=1e-6)
    for conversions in (convert(value, unit, system, decimals), convert(value, unit, system)):
        assert "-0.0" not in {str(each.value) for each in conversions}
