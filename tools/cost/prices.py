"""The prices of `prices.toml`, which no other file repeats."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """`dollars` for `per` of something, as a source said at a date."""

    dollars: float
    per: int
    what: str
    as_of: str
    source: str

    @property
    def each(self) -> float:
        """Dollars for one."""
        return self.dollars / self.per


@functools.cache
def prices() -> Mapping[str, Price]:
    """All prices by name."""
    return {name: Price(**entry) for name, entry in tomllib.loads(FILE.read_text()).items()}


def table() -> str:
    """The prices as a Markdown table."""
    rows = [
        f"| {price.what} | {price.dollars:g} per {_count(price.per)} | {price.as_of} "
        f"| [page]({price.source}) |"
        for price in prices().values()
    ]
    return "\n".join(["| what | $ | as of | AWS's page |", "|---|---|---|---|", *rows])


def _count(number: int) -> str:
    return {1: "hour", 1_000_000: "million", 1_000_000_000: "billion"}[number]
