"""Faults by a seed: what they depend on, how often they strike, and how they are chosen."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.chaos import DEFAULT_RATES, Chaos, Fault, Key, parse_chaos

SEEDS = st.integers(min_value=0)
FAULTS = st.sampled_from(Fault)
KEYS = st.lists(st.integers() | st.text(), max_size=4).map(tuple)
RATES = st.floats(min_value=0, max_value=1)


def only(seed: int, fault: Fault, rate: float) -> Chaos:
    return Chaos(seed, {fault: rate})


@given(seed=SEEDS, fault=FAULTS, rate=RATES, key=KEYS)
def test_the_same_seed_and_key_decide_the_same(
    seed: int, fault: Fault, rate: float, key: tuple[Key, ...]
) -> None:
    assert only(seed, fault, rate).applies(fault, *key) == only(seed, fault, rate).applies(
        fault, *key
    )


@given(seed=SEEDS, fault=FAULTS, key=KEYS, rates=st.tuples(RATES, RATES).map(sorted))
def test_a_higher_rate_applies_wherever_a_lower_one_does(
    seed: int, fault: Fault, key: tuple[Key, ...], rates: list[float]
) -> None:
    low, high = (only(seed, fault, rate).applies(fault, *key) for rate in rates)
    assert high or not low


@given(seed=SEEDS, fault=FAULTS, other=FAULTS, key=KEYS)
def test_never_always_and_what_was_not_chosen(
    seed: int, fault: Fault, other: Fault, key: tuple[Key, ...]
) -> None:
    assert not only(seed, fault, 0).applies(fault, *key)
    assert only(seed, fault, 1).applies(fault, *key)
    assert only(seed, fault, 1).applies(other, *key) == (other is fault)


@given(seed=SEEDS, key=KEYS, seconds=st.floats(min_value=0, max_value=60))
def test_a_delay_stays_below_its_bound(seed: int, key: tuple[Key, ...], seconds: float) -> None:
    delay = Chaos(seed, slow_seconds=seconds).delay(*key)
    assert 0 <= delay <= seconds


@given(seed=SEEDS, fault=FAULTS, rate=st.sampled_from([0.05, 0.3, 0.9]))
def test_a_fault_applies_about_as_often_as_its_rate(seed: int, fault: Fault, rate: float) -> None:
    chaos = only(seed, fault, rate)
    struck = sum(chaos.applies(fault, number) for number in range(2000))
    # Eight standard deviations: never reached by chance, always by a rate that is ignored.
    assert abs(struck - 2000 * rate) < 8 * (2000 * rate * (1 - rate)) ** 0.5


def test_seeds_faults_and_keys_are_independent_of_each_other() -> None:
    def pattern(seed: int, fault: Fault, connection: str) -> list[bool]:
        chaos = only(seed, fault, 0.5)
        return [chaos.applies(fault, connection, number) for number in range(64)]

    patterns = {
        tuple(pattern(seed, fault, connection))
        for seed in range(5)
        for fault in Fault
        for connection in ("1", "2")
    }
    assert len(patterns) == 5 * len(Fault) * 2


def test_numbers_and_their_texts_are_different_keys() -> None:
    chaos = only(1, Fault.GONE, 0.5)
    assert [chaos.applies(Fault.GONE, n) for n in range(64)] != [
        chaos.applies(Fault.GONE, str(n)) for n in range(64)
    ]


@pytest.mark.starts_programs
def test_another_process_decides_the_same() -> None:
    """Python salts its own hashes in each process."""
    code = (
        "from local_gateway.core.chaos import Chaos, Fault\n"
        "print([n for n in range(200) if Chaos(7).applies(Fault.DUPLICATE, 'ws', n)])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    here = [n for n in range(200) if Chaos(7).applies(Fault.DUPLICATE, "ws", n)]
    assert here
    assert said.stdout.strip() == str(here)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", Chaos(7)),
        ("0", Chaos(0, DEFAULT_RATES)),
        ("7:gone=0.1,drop=0.05", Chaos(7, {Fault.GONE: 0.1, Fault.DROP: 0.05})),
        ("7: slow=1, crash=0", Chaos(7, {Fault.SLOW: 1.0, Fault.CRASH: 0.0})),
        ("7:lost-disconnect", Chaos(7, {Fault.LOST_DISCONNECT: 0.2})),
    ],
)
def test_what_can_be_asked_for(text: str, expected: Chaos) -> None:
    assert parse_chaos(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected a whole number as the seed, not ''"),
        ("many", "expected a whole number as the seed, not 'many'"),
        ("-1", "expected a whole number as the seed, not '-1'"),
        ("٣", "expected a whole number as the seed, not '٣'"),
        ("7:", "no fault is called ''; there are: drop, gone, limit, slow, crash, "),
        ("7:gone=0.1,", "no fault is called ''"),
        ("7:flood=1", "no fault is called 'flood'; there are: drop, gone, limit, slow, crash, "),
        ("7:gone=", "gone: expected a rate from 0 (never) to 1 (always), not ''"),
        ("7:gone=2", "gone: expected a rate from 0 (never) to 1 (always), not '2'"),
        ("7:gone=nan", "gone: expected a rate from 0 (never) to 1 (always), not 'nan'"),
        ("7:gone=-0.1", "gone: expected a rate from 0 (never) to 1 (always), not '-0.1'"),
    ],
)
def test_what_makes_no_sense_is_told(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(problem)):
        parse_chaos(text)


def test_every_fault_has_a_rate_by_default_and_is_named() -> None:
    assert set(DEFAULT_RATES) == set(Fault)
    assert str(Chaos(7, {Fault.GONE: 0.1, Fault.DROP: 1.0})) == "seed 7, gone=0.1, drop=1"


@given(text=st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        chaos = parse_chaos(text)
    except ValueError:
        return
    assert parse_chaos(f"{chaos.seed}:" + ",".join(f"{f}={r}" for f, r in chaos.rates.items()))
