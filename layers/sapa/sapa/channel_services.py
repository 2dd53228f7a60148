"""The composition of what channels need: publishing and fan-out.

A part of `sapa.bootstrap` on its own, because most functions need none of it.
"""

import functools
import random
import time
from typing import TYPE_CHECKING

from sapa.settings import settings

if TYPE_CHECKING:
    from sapa.adapters.bulk_sender import ThreadedBulkSender
    from sapa.adapters.dynamodb_client import DynamoDBClient
    from sapa.adapters.subscriptions import DynamoDBSubscriptionStore
    from sapa.dispatches import EventQueue
    from sapa.fanout import FanOut
    from sapa.membership import Membership
    from sapa.publishing import Publisher


def epoch_milliseconds() -> int:
    """The time now."""
    return time.time_ns() // 1_000_000


@functools.cache
def publisher() -> "Publisher":
    """Who accepts events. Raises `SettingError`."""
    from sapa.adapters.channel_log import DynamoDBChannelLog
    from sapa.publishing import Publisher

    known = settings()
    return Publisher(
        log=DynamoDBChannelLog(
            dynamodb(),
            channels_table=known.channels_table_name,
            messages_table=known.messages_table_name,
        ),
        queue=_queue(),
        clock=epoch_milliseconds,
        retention_seconds=known.history_retention_seconds,
        unkept_prefixes=known.history_off_prefixes,
    )


@functools.cache
def fan_out() -> "FanOut":
    """Who delivers events. Raises `SettingError`."""
    from sapa.fanout import FanOut
    from sapa.forgetting import forget_all

    known = membership()
    return FanOut(
        subscriptions=subscriptions(),
        queue=_queue(),
        sender=_bulk_sender(),
        forget=functools.partial(forget_all, forget=known.forget),
        clock=epoch_milliseconds,
        pause=time.sleep,
        chance=random.random,
    )


@functools.cache
def membership() -> "Membership":
    """Who lets connections into channels and takes them out. Raises `SettingError`."""
    from sapa.adapters.connections import DynamoDBConnectionStore
    from sapa.adapters.permits import DynamoDBPermitStore
    from sapa.adapters.presence import DynamoDBPresenceStore
    from sapa.membership import Membership

    known = settings()
    return Membership(
        connections=DynamoDBConnectionStore(dynamodb(), known.connections_table_name),
        subscriptions=subscriptions(),
        presence=DynamoDBPresenceStore(dynamodb(), known.presence_table_name),
        permits=DynamoDBPermitStore(dynamodb(), known.session_channels_table_name),
        announce=_announce,
        clock=epoch_milliseconds,
        max_channels=known.max_channels_per_connection,
        permit_seconds=known.history_retention_seconds,
    )


def _announce(channel: str, happening: str, username: str) -> None:
    """Most connects and disconnects announce nothing, and so need no queue."""
    publisher().announce(channel, happening, username)


@functools.cache
def subscriptions() -> "DynamoDBSubscriptionStore":
    """Who is in which channel. Raises `SettingError`."""
    from sapa.adapters.subscriptions import DynamoDBSubscriptionStore

    known = settings()
    return DynamoDBSubscriptionStore(
        dynamodb(),
        subscriptions_table=known.subscriptions_table_name,
        channels_table=known.channels_table_name,
    )


@functools.cache
def _bulk_sender() -> "ThreadedBulkSender":
    from sapa.adapters.bulk_sender import POST_SECONDS, ThreadedBulkSender
    from sapa.adapters.clients import management_endpoint
    from sapa.observability import logger

    return ThreadedBulkSender(
        management_endpoint(settings(), read=POST_SECONDS),
        report=lambda reasons: logger.warning("posts failed", reasons=reasons),
    )


@functools.cache
def _queue() -> "EventQueue":
    from sapa.adapters.clients import sqs_service
    from sapa.adapters.event_queue import SqsEventQueue

    return SqsEventQueue(sqs_service(settings()), settings().publish_queue_url)


@functools.cache
def dynamodb() -> "DynamoDBClient":
    """The client that all of these share."""
    from sapa.adapters.clients import dynamodb_client

    return dynamodb_client(settings())
