"""Which sequence numbers have arrived."""

from hypothesis import given
from hypothesis import strategies as st

from sapa_client.numbers import Numbers


def test_numbers_count_once_in_any_order() -> None:
    numbers = Numbers()
    assert [numbers.add(number) for number in (2, 1, 2, 1, 4, 3)] == [
        True,
        True,
        False,
        False,
        True,
        True,
    ]
    assert numbers == Numbers(4)


def test_a_hole_is_seen_until_it_is_filled_or_skipped() -> None:
    numbers = Numbers(10)
    numbers.add(12)
    numbers.add(15)
    assert numbers.has_hole
    numbers.skip_to(13)
    assert (numbers.whole, numbers.has_hole) == (13, True)
    numbers.skip_to(14)
    assert numbers == Numbers(15)


@given(st.permutations(range(1, 20)))
def test_every_order_ends_whole(order: list[int]) -> None:
    numbers = Numbers()
    assert all(numbers.add(number) for number in order)
    assert numbers == Numbers(19)
