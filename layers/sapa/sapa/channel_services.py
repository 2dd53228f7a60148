"""The composition of what channels need: publishing and fan-out.

A part of `sapa.bootstrap` on its own, because most functions need none of it.
"""

import functools
import random
import time
from typing import TYPE_CHECKING

from sapa.settings import settings

if TYPE_CHECKING:
    from sapa.aws.dynamodb import DynamoDBClient
    from sapa.channels.fan_out import FanOut
    from sapa.channels.fan_out_task import EventQueue
    from sapa.channels.membership import Membership
    from sapa.channels.publisher import Publisher
    from sapa.stores.bulk_sender import ThreadedBulkSender
    from sapa.stores.subscriptions import DynamoDBSubscriptionStore


def epoch_milliseconds() -> int:
    """The time now."""
    return time.time_ns() // 1_000_000


@functools.cache
def publisher() -> "Publisher":
    """Who accepts events. Raises `SettingError`."""
    from sapa.channels.publisher import Publisher
    from sapa.stores.channel_log import DynamoDBChannelLog

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
    from sapa.channels.cleanup import forget_all
    from sapa.channels.fan_out import FanOut

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
    from sapa.channels.membership import Membership
    from sapa.stores.connections import DynamoDBConnectionStore
    from sapa.stores.presence import DynamoDBPresenceStore
    from sapa.stores.session_channels import DynamoDBPermitStore

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
    from sapa.stores.subscriptions import DynamoDBSubscriptionStore

    known = settings()
    return DynamoDBSubscriptionStore(
        dynamodb(),
        subscriptions_table=known.subscriptions_table_name,
        channels_table=known.channels_table_name,
    )


@functools.cache
def _bulk_sender() -> "ThreadedBulkSender":
    from sapa.aws.clients import management_endpoint
    from sapa.observability import logger
    from sapa.stores.bulk_sender import POST_SECONDS, ThreadedBulkSender

    return ThreadedBulkSender(
        management_endpoint(settings(), read=POST_SECONDS),
        report=lambda reasons: logger.warning("posts failed", reasons=reasons),
    )


@functools.cache
def _queue() -> "EventQueue":
    from sapa.aws.clients import sqs_service
    from sapa.stores.fan_out_queue import SqsEventQueue

    return SqsEventQueue(sqs_service(settings()), settings().fan_out_queue_url)


@functools.cache
def dynamodb() -> "DynamoDBClient":
    """The client that all of these share."""
    from sapa.aws.clients import dynamodb_client

    return dynamodb_client(settings())
