"""How a channel is spread over partition keys, so that none of them is hot.

The number of shards is a power of two and doubles as the channel grows. A connection's shard is
its hash modulo the number at the time it joined, so there are only a handful of places where it
can be: one per power of two.
"""

from zlib import crc32

MEMBERS_PER_SHARD = 500
MAX_SHARDS = 1024


def shard_of(connection_id: str, shards: int) -> int:
    """Where a connection that joins now is put."""
    return crc32(connection_id.encode()) % shards


def possible_shards(connection_id: str, shards: int) -> list[int]:
    """Where a connection may have been put since the channel began, the likeliest first."""
    found: dict[int, None] = {}
    while shards:
        found[shard_of(connection_id, shards)] = None
        shards //= 2
    return list(found)


def needs_more(members: int, shards: int, members_per_shard: int = MEMBERS_PER_SHARD) -> bool:
    """Whether a channel of so many members has outgrown its shards."""
    return shards < MAX_SHARDS and members > members_per_shard * shards


def partition(channel: str, shard: int) -> str:
    """The partition key of a shard."""
    return f"{channel}#{shard}"
