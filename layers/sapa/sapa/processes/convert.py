"""A unit converter."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from annotated_types import Ge, Le

from sapa.processes.business_process import business_process


class Unit(StrEnum):
    """The units, by their symbols."""

    MILLIMETRE = "mm"
    METRE = "m"
    KILOMETRE = "km"
    INCH = "in"
    FOOT = "ft"
    MILE = "mi"
    GRAM = "g"
    KILOGRAM = "kg"
    OUNCE = "oz"
    POUND = "lb"
    CELSIUS = "°C"
    KELVIN = "K"
    FAHRENHEIT = "°F"


class System(StrEnum):
    """The units to convert to."""

    METRIC = "metric"
    IMPERIAL = "imperial"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Conversion:
    """One message of the answer."""

    message: str
    value: float
    unit: Unit


@dataclass(frozen=True, slots=True)
class _Scale:
    """`value * factor + offset` is the amount in the quantity's base unit."""

    quantity: str
    system: System
    factor: float
    offset: float = 0.0


# The most for an answer without `decimals`. More would show the rounding of a difference: with
# their offsets, 32 °F are 5.7e-14 °C.
_SIGNIFICANT_DIGITS = 6
_MOST_DECIMALS = {"length": 24, "mass": 24, "temperature": 12}

_SCALES = {
    Unit.MILLIMETRE: _Scale("length", System.METRIC, 0.001),
    Unit.METRE: _Scale("length", System.METRIC, 1.0),
    Unit.KILOMETRE: _Scale("length", System.METRIC, 1000.0),
    Unit.INCH: _Scale("length", System.IMPERIAL, 0.0254),
    Unit.FOOT: _Scale("length", System.IMPERIAL, 0.3048),
    Unit.MILE: _Scale("length", System.IMPERIAL, 1609.344),
    Unit.GRAM: _Scale("mass", System.METRIC, 1.0),
    Unit.KILOGRAM: _Scale("mass", System.METRIC, 1000.0),
    Unit.OUNCE: _Scale("mass", System.IMPERIAL, 28.349523125),
    Unit.POUND: _Scale("mass", System.IMPERIAL, 453.59237),
    Unit.CELSIUS: _Scale("temperature", System.METRIC, 1.0, 273.15),
    Unit.KELVIN: _Scale("temperature", System.METRIC, 1.0),
    Unit.FAHRENHEIT: _Scale("temperature", System.IMPERIAL, 5 / 9, 459.67 * 5 / 9),
}


@business_process
def convert(
    value: Annotated[float, Ge(-1e15), Le(1e15)],
    unit: Unit,
    system: System = System.ALL,
    decimals: Annotated[int, Ge(0), Le(12)] | None = None,
) -> Iterator[Conversion]:
    """Convert a length, mass or temperature to the other units, one message for each.

    `system` selects metric units, imperial units or all. `decimals` is the number of decimals;
    without it, an answer has six significant digits.
    """
    source = _SCALES[unit]
    base = value * source.factor + source.offset
    for target, scale in _SCALES.items():
        if target is unit or scale.quantity != source.quantity:
            continue
        if system in {System.ALL, scale.system}:
            exact = (base - scale.offset) / scale.factor
            digits = _decimals(exact, scale) if decimals is None else decimals
            # Adding zero turns -0.0 into 0.0.
            amount = round(exact, digits) + 0.0
            shown = f"{amount:,.{digits}f}"
            if decimals is None and digits:
                shown = shown.rstrip("0").rstrip(".")
            yield Conversion(f"{value:,.12g} {unit} = {shown} {target}", amount, target)


def _decimals(amount: float, scale: _Scale) -> int:
    """So many that the amount has six significant digits; whole numbers are not rounded."""
    magnitude = math.floor(math.log10(abs(amount))) if amount else 0
    return min(max(0, _SIGNIFICANT_DIGITS - 1 - magnitude), _MOST_DECIMALS[scale.quantity])
