"""A unit converter."""

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
    decimals: Annotated[int, Ge(0), Le(12)] = 2,
) -> Iterator[Conversion]:
    """Convert a length, mass or temperature to the other units, one message for each.

    `system` selects metric units, imperial units or all; `decimals` is the number of decimals.
    """
    source = _SCALES[unit]
    base = value * source.factor + source.offset
    for target, scale in _SCALES.items():
        if target is unit or scale.quantity != source.quantity:
            continue
        if system in {System.ALL, scale.system}:
            # Adding zero turns -0.0 into 0.0.
            amount = round((base - scale.offset) / scale.factor, decimals) + 0.0
            text = f"{value:,.12g} {unit} = {amount:,.{decimals}f} {target}"
            yield Conversion(text, amount, target)
