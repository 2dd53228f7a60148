"""Prices, once and with where they are from."""

from tools.cost.prices import prices, table
from tools.cost.usage import SERVICES


def test_every_price_has_a_service_and_is_in_the_table() -> None:
    assert prices().keys() == SERVICES.keys()
    assert len(table().splitlines()) == len(prices()) + 2


def test_every_price_says_when_and_where() -> None:
    for price in prices().values():
        assert price.dollars > 0
        assert price.as_of
        assert price.source.startswith("https://aws.amazon.com/")
