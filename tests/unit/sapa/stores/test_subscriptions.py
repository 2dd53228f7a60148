"""How the subscriptions of a channel are spread over partition keys."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sapa.stores.subscriptions import (
    MAX_SHARDS,
    MEMBERS_PER_SHARD,
    needs_more,
    possible_shards,
    shard_of,
)

POWERS = [2**power for power in range(11)]


@given(st.text(min_size=1), st.sampled_from(POWERS))
def test_connection_is_found_wherever_it_may_have_been_put(connection_id: str, shards: int) -> None:
    possible = possible_shards(connection_id, shards)
    assert possible[0] == shard_of(connection_id, shards)
    assert {shard_of(connection_id, before) for before in POWERS if before <= shards} == set(
        possible
    )
    assert len(possible) <= shards.bit_length()


def test_connections_are_spread_evenly() -> None:
    counts = Counter(shard_of(f"{number:015d}=", 8) for number in range(8_000))
    assert len(counts) == 8
    assert max(counts.values()) < 2 * min(counts.values())


def test_shards_double_when_they_are_full_and_not_for_ever() -> None:
    assert not needs_more(MEMBERS_PER_SHARD, 1)
    assert needs_more(MEMBERS_PER_SHARD + 1, 1)
    assert not needs_more(MEMBERS_PER_SHARD + 1, 2)
    assert not needs_more(10**9, MAX_SHARDS)
