from hypothesis import given
from hypothesis import strategies as st

from local_gateway.inspector.ring import Ring


def everything(ring: Ring[str]) -> tuple[int, list[str]]:
    return ring.after(0, max_items=1_000, max_bytes=1_000_000)


def test_the_oldest_go_when_there_are_too_many() -> None:
    ring = Ring[str](max_items=2, max_bytes=100)
    for text in "abc":
        ring.append(text, 1)
    assert everything(ring) == (2, ["b", "c"])
    assert (ring.last, ring.weight) == (3, 2)


def test_the_oldest_go_when_they_weigh_too_much() -> None:
    ring = Ring[str](max_items=10, max_bytes=10)
    for text, weight in (("a", 4), ("b", 4), ("c", 5)):
        ring.append(text, weight)
    assert everything(ring) == (2, ["b", "c"])
    assert ring.weight == 9


def test_what_is_heavier_than_the_ring_is_not_kept() -> None:
    ring = Ring[str](max_items=10, max_bytes=10)
    ring.append("a", 1)
    ring.append("huge", 11)
    assert everything(ring) == (3, [])
    ring.append("b", 1)
    assert everything(ring) == (3, ["b"])


def test_a_reader_goes_on_where_it_was() -> None:
    ring = Ring[str](max_items=10, max_bytes=100)
    for text in "abcd":
        ring.append(text, 1)
    assert ring.after(1, max_items=2, max_bytes=100) == (2, ["b", "c"])
    assert ring.after(3, max_items=2, max_bytes=100) == (4, ["d"])
    assert ring.after(4, max_items=2, max_bytes=100) == (5, [])


def test_a_piece_ends_with_the_item_that_fills_it() -> None:
    ring = Ring[str](max_items=10, max_bytes=100)
    for text in "abc":
        ring.append(text, 40 if text == "b" else 1)
    assert ring.after(0, max_items=10, max_bytes=20) == (1, ["a", "b"])


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 10), st.integers(1, 100))
def test_it_is_bounded_and_holds_the_newest(
    weights: list[int], max_items: int, max_bytes: int
) -> None:
    ring = Ring[int](max_items, max_bytes)
    for number, weight in enumerate(weights, start=1):
        ring.append(number, weight)
        assert len(ring) <= max_items
        assert ring.weight <= max_bytes
        first, kept = ring.after(0, max_items=1_000, max_bytes=1_000_000)
        assert kept == list(range(first, number + 1))
        assert ring.weight == sum(weights[first - 1 : number])
