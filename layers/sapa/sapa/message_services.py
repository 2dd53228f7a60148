"""The composition of what a message may need beyond its reply: channels, state, rate limits.

A part of `sapa.bootstrap` on its own. A message that needs no channel makes no part of it.
"""

import functools
import random
import time
from typing import TYPE_CHECKING

from sapa.connections.rate_limits import RateLimits, TokenBuckets
from sapa.settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sapa.connections.frames import MessageId
    from sapa.lambda_events import ConnectionEvent
    from sapa.processes.context import ChannelAccess
    from sapa.processes.state import State


@functools.cache
def rate_limits() -> RateLimits:
    """How fast messages may come, in this execution environment."""
    known = settings()
    return RateLimits(
        connections=TokenBuckets(known.messages_per_second_per_connection),
        users=TokenBuckets(known.messages_per_second_per_user),
        clock=time.monotonic,
    )


def access_of(message: "ConnectionEvent") -> "ChannelAccess":
    """What the connection of a message may do with channels and state. Raises `SettingError`."""
    from sapa.channel_services import epoch_milliseconds, membership, publisher
    from sapa.connections.connection import new_connection
    from sapa.processes.channel_access import ConnectionAccess

    accepting = publisher()
    return ConnectionAccess(
        subscriber=new_connection(message).subscriber(),
        membership=membership(),
        publisher=accepting,
        log=accepting.log,
        clock=epoch_milliseconds,
        state=_state(message.endpoint),
    )


def resume(
    message: "ConnectionEvent", positions: "Mapping[str, int]", message_id: "MessageId | None"
) -> list[str]:
    """The frames that answer a `$resume`. Raises `SettingError`, `StoreError`, `QueueError`."""
    from sapa.channel_services import epoch_milliseconds, membership, publisher
    from sapa.channels.resume import Resumer
    from sapa.connections.connection import new_connection

    accepting = publisher()
    resumer = Resumer(
        membership=membership(),
        log=accepting.log,
        keeps=accepting.keeps,
        clock=epoch_milliseconds,
    )
    return resumer.frames(new_connection(message).subscriber(), positions, message_id)


@functools.cache
def _state(endpoint: str) -> "State":
    from sapa.channel_services import dynamodb, epoch_milliseconds
    from sapa.processes.state import State
    from sapa.stores.state import DynamoDBStateStore

    table = settings().state_table_name
    return State(
        namespace=endpoint,
        store=DynamoDBStateStore(dynamodb(), table, epoch_milliseconds),
        clock=epoch_milliseconds,
        pause=time.sleep,
        chance=random.random,
    )
