"""Faults that happen by chance, and yet the same ones again with the same seed.

Whether a fault applies is a function of the seed, the fault and a key alone, neither of timing nor
of earlier faults. The keys are counted in what clients do, as in "the third message of the
second connection", so that a client that does the same again meets the same faults.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

type Key = int | str

_FRACTION_BITS = 53  # as many as a float below 1 holds exactly


class Fault(StrEnum):
    """What can be made to go wrong.

    - drop: a connection's TCP vanishes after a message of its client (1006)
    - gone: a post to an open connection is answered 410
    - limit: a post is answered 429
    - slow: an event reaches its function late
    - crash: the execution environment dies when it gets an event
    - lost-disconnect: `$disconnect` is not invoked, which AWS does not guarantee either
    - duplicate: an event reaches its function twice, or a post its client
    """

    DROP = "drop"
    GONE = "gone"
    LIMIT = "limit"
    SLOW = "slow"
    CRASH = "crash"
    LOST_DISCONNECT = "lost-disconnect"
    DUPLICATE = "duplicate"


DEFAULT_RATES: Mapping[Fault, float] = {
    Fault.DROP: 0.01,
    Fault.GONE: 0.05,
    Fault.LIMIT: 0.05,
    Fault.SLOW: 0.1,
    Fault.CRASH: 0.02,
    Fault.LOST_DISCONNECT: 0.2,
    Fault.DUPLICATE: 0.05,
}


@dataclass(frozen=True, slots=True)
class Chaos:
    """Faults by their rate, from 0 (never) to 1 (always); nothing is later than `slow_seconds`."""

    seed: int
    rates: Mapping[Fault, float] = field(default_factory=lambda: DEFAULT_RATES)
    slow_seconds: float = 3.0

    def applies(self, fault: Fault, *key: Key) -> bool:
        """Whether the fault applies to what `key` names."""
        rate = self.rates.get(fault, 0.0)
        return rate > 0 and self._fraction(fault, key) < rate

    def delay(self, *key: Key) -> float:
        """By how many seconds what `key` names is late, when it is slow."""
        return self.slow_seconds * self._fraction("delay", key)

    def __str__(self) -> str:
        rates = ", ".join(f"{fault}={rate:g}" for fault, rate in self.rates.items())
        return f"seed {self.seed}, {rates}"

    def _fraction(self, what: str, key: tuple[Key, ...]) -> float:
        """A number from 0 up to, but not including, 1."""
        text = repr((self.seed, str(what), key))
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return (int.from_bytes(digest) >> (64 - _FRACTION_BITS)) / (1 << _FRACTION_BITS)


def parse_chaos(text: str) -> Chaos:
    """`SEED`, or `SEED:FAULT=RATE,…` for these faults alone; without `=RATE`, at its default rate.

    Raises `ValueError` that says what is expected.
    """
    seed, colon, selection = text.partition(":")
    if not (seed.isascii() and seed.isdigit()):
        raise ValueError(f"expected a whole number as the seed, not {seed!r}")
    if not colon:
        return Chaos(int(seed))
    return Chaos(int(seed), dict(_selected(item) for item in selection.split(",")))


def _selected(item: str) -> tuple[Fault, float]:
    name, equals, rate = item.strip().partition("=")
    try:
        fault = Fault(name)
    except ValueError:
        raise ValueError(f"no fault is called {name!r}; there are: {', '.join(Fault)}") from None
    return fault, _rate(fault, rate) if equals else DEFAULT_RATES[fault]


def _rate(fault: Fault, text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if 0 <= rate <= 1:
        return rate
    raise ValueError(f"{fault}: expected a rate from 0 (never) to 1 (always), not {text!r}")
