"""Shared state: keys, values, times and conflicts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.connections.frames import MAX_DEPTH
from sapa.errors import RefusedError, StateConflictError, StateValueError
from sapa.processes.state import MAX_ATTEMPTS, MAX_VALUE_BYTES, State
from tests.unit.sapa.fakes import InMemoryStateStore


@dataclass
class FakeStates:
    """A store, and a clock in epoch seconds."""

    store: InMemoryStateStore = field(default_factory=InMemoryStateStore)
    now: int = 1_000
    pauses: list[float] = field(default_factory=list)

    def state(self, namespace: str = "game") -> State:
        """The state of an endpoint."""
        return State(
            namespace=namespace,
            store=self.store,
            clock=lambda: self.now * 1000,
            sleep=self.pauses.append,
            jitter=lambda: 1.0,
        )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_value_comes_back(value: Any) -> None:
    state = FakeStates().state()
    state.put("k", value)
    assert state.get("k") == value


def test_nothing_is_none() -> None:
    assert FakeStates().state().get("k") is None


def test_endpoints_do_not_meet() -> None:
    states = FakeStates()
    states.state("a").put("k", 1)
    assert states.state("b").get("k") is None
    states.state("b").put("k", 2)
    assert states.state("a").get("k") == 1


def increment(value: int | None) -> int:
    """One more."""
    return (value or 0) + 1


def test_value_lasts_for_its_time() -> None:
    states = FakeStates()
    state = states.state()
    state.put("k", 1, ttl=10)
    states.now += 9
    assert state.get("k") == 1
    states.now += 1
    assert state.get("k") is None
    assert state.update("k", increment) == 1
    states.now += 10**9
    assert state.get("k") == 1


def test_update_without_time_leaves_the_time_that_is_left() -> None:
    states = FakeStates()
    state = states.state()
    state.put("k", 1, ttl=10)
    states.now += 5
    assert state.update("k", increment) == 2
    states.now += 5
    assert state.get("k") is None
    state.put("k", 1, ttl=10)
    state.update("k", increment, ttl=100)
    states.now += 50
    assert state.get("k") == 2


@pytest.mark.parametrize(
    "value", [{1, 2}, object(), float("nan"), "\ud800", b"x", {"a": {"b": complex(1)}}]
)
def test_what_is_no_json_is_refused_by_name(value: object) -> None:
    state = FakeStates().state()

    def change(_: object) -> object:
        return value

    calls: list[Callable[[], object]] = [
        lambda: state.put("board", value),
        lambda: state.update("board", change),
    ]
    for call in calls:
        with pytest.raises(StateValueError, match="'board' cannot be stored: it is not JSON"):
            call()
    assert state.get("board") is None


def test_what_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(StateValueError):
        FakeStates().state().put("k", value)


def test_what_nests_too_deep_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(StateValueError, match="nests too deep"):
        FakeStates().state().put("k", value)


def test_what_cannot_be_read_back_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    state = FakeStates().state()
    state.put("k", deep)
    assert state.get("k") == deep
    for value in ([deep], {1: "a", "1": "b"}):
        with pytest.raises(StateValueError, match="cannot be read"):
            state.put("k", value)


def test_size_is_limited_in_bytes() -> None:
    state = FakeStates().state()
    state.put("k", "x" * (MAX_VALUE_BYTES - 2))
    with pytest.raises(StateValueError, match="262146 bytes, more than 262144"):
        state.put("k", "é" * (MAX_VALUE_BYTES // 2))


@pytest.mark.parametrize("key", ["", "k" * 513])
def test_keys_have_a_length(key: str) -> None:
    state = FakeStates().state()
    calls: list[Callable[[], object]] = [
        lambda: state.get(key),
        lambda: state.put(key, 1),
        lambda: state.update(key, increment),
    ]
    for call in calls:
        with pytest.raises(StateValueError, match="1 to 512 characters") as refused:
            call()
        assert len(str(refused.value)) < 200


@pytest.mark.parametrize("ttl", [0, -1])
def test_time_is_positive(ttl: int) -> None:
    with pytest.raises(StateValueError, match="ttl"):
        FakeStates().state().put("k", 1, ttl)


def test_conflict_that_never_ends_is_told_after_bounded_time() -> None:
    states = FakeStates()
    state = states.state()

    def overtaken(value: int | None) -> int:
        state.put("k", (value or 0) + 100)
        return increment(value)

    with pytest.raises(StateConflictError) as conflict:
        state.update("k", overtaken)
    assert (conflict.value.key, conflict.value.attempts) == ("k", MAX_ATTEMPTS)
    assert state.get("k") == 100 * MAX_ATTEMPTS
    assert len(states.pauses) == MAX_ATTEMPTS - 1
    assert states.pauses == sorted(states.pauses)
    assert sum(states.pauses) < 3


def test_refusal_inside_an_update_stores_nothing() -> None:
    state = FakeStates().state()
    state.put("k", 1)

    def refuse(value: int | None) -> int:
        raise RefusedError("It is ana's turn.")

    with pytest.raises(RefusedError):
        state.update("k", refuse)
    assert state.get("k") == 1
