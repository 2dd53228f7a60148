"""The composition root: what the functions work with, made once per execution environment.

Each part is made, and imported, when it is first used. So a function pays at its cold start only
for the parts that it needs.
"""

import functools
import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from sapa.errors import BusinessProcessError, SettingError
from sapa.settings import Settings, settings

if TYPE_CHECKING:
    from sapa.answers.asking import Answers
    from sapa.answers.writer import AnswerWriter
    from sapa.aws.json_service import JsonService
    from sapa.channels.channel import ChannelLog
    from sapa.channels.fan_out import FanOut, SubscriptionReader
    from sapa.channels.fan_out_task import FanOutQueue
    from sapa.channels.membership import (
        Membership,
        PresenceStore,
        SessionChannelStore,
        SubscriptionStore,
    )
    from sapa.channels.publisher import Publisher
    from sapa.channels.resume import Resumer
    from sapa.connections.connection import ConnectionStore
    from sapa.connections.rate_limits import RateLimits
    from sapa.connections.sender import MessageSender
    from sapa.handshake.connection_limit import ConnectionLimit
    from sapa.handshake.session_sockets import SessionSockets
    from sapa.login.session import CredentialChecker, SessionStore
    from sapa.messages.once import Once
    from sapa.processes.language_model import LanguageModel
    from sapa.processes.state import State, StateStore
    from sapa.stores.management_api import ThreadedBulkSender
    from sapa.stores.subscriptions import DynamoDBSubscriptionStore
    from sapa.stores.table import Table

# Answers are kept as long as events, but even without a history long enough to be read.
LEAST_RETENTION_SECONDS = 60 * 60
# The end of an answer whose writer died goes to a handful of connections.
POST_ALL_SECONDS = 2.0


def epoch_milliseconds() -> int:
    """The time now."""
    return time.time_ns() // 1_000_000


def epoch_seconds() -> int:
    """The time now."""
    return int(time.time())


class Services:
    """The parts of the bot. Each raises `SettingError` when it is first used and lacks a setting.

    Tests replace parts: `services.sender = RecordingSender()`.
    """

    def __init__(self, config: Settings, clock: Callable[[], int] = epoch_milliseconds) -> None:
        self.config = config
        self.clock = clock
        self.state = functools.cache(self._state)

    # Login and handshake

    @cached_property
    def allowed_origins(self) -> tuple[str, ...]:
        """Origins, besides our own, whose pages may log in and connect."""
        return self.config.allowed_origins

    @cached_property
    def sessions(self) -> "SessionStore":
        """Login sessions."""
        from sapa.stores.sessions import DynamoDBSessionStore

        return DynamoDBSessionStore(self._table(self.config.sessions_table_name))

    @cached_property
    def credentials(self) -> "CredentialChecker":
        """Passwords."""
        from sapa.aws.clients import cognito_service
        from sapa.stores.cognito import CognitoCredentialChecker

        config = self.config
        return CognitoCredentialChecker(
            cognito_service(config), config.user_pool_id, config.user_pool_client_id
        )

    @cached_property
    def connection_limit(self) -> "ConnectionLimit":
        """The management API is needed, and its client made, when a connection has to be closed."""
        from sapa.handshake.connection_limit import ConnectionLimit, LimitPolicy
        from sapa.observability import logger

        return ConnectionLimit(
            membership=self.membership,
            connections=self.connections,
            sender=lambda: self.sender,
            limit=self.config.max_connections_per_user,
            policy=LimitPolicy(self.config.connection_limit_policy),
            clock=self.clock,
            report=lambda error: logger.warning("connection not closed", error=str(error)),
        )

    @cached_property
    def session_sockets(self) -> "SessionSockets":
        """The sockets of sessions that end."""
        from sapa.handshake.session_sockets import SessionSockets
        from sapa.observability import logger

        return SessionSockets(
            list_subscriptions=self.subscriptions.of_channel,
            sender=lambda: self.sender,
            remove_connection=self.remove_connection,
            clock=self.clock,
            sleep=time.sleep,
            report=lambda error: logger.error("connection not closed", error=str(error)),
        )

    # Connections and messages

    @cached_property
    def connections(self) -> "ConnectionStore":
        """Open connections."""
        from sapa.stores.connections import DynamoDBConnectionStore

        return DynamoDBConnectionStore(
            self._table(self.config.connections_table_name),
            self.config.connections_username_index_name,
        )

    @cached_property
    def sender(self) -> "MessageSender":
        """Posts to single connections."""
        from sapa.aws.clients import management_endpoint, retries
        from sapa.stores.management_api import ManagementApiSender

        return ManagementApiSender(management_endpoint(self.config, read=3.0), retries(attempts=3))

    @cached_property
    def rate_limits(self) -> "RateLimits":
        """How fast messages may come, in this execution environment."""
        from sapa.connections.rate_limits import RateLimits, TokenBuckets

        return RateLimits(
            connections=TokenBuckets(self.config.messages_per_second_per_connection),
            users=TokenBuckets(self.config.messages_per_second_per_user),
            clock=time.monotonic,
        )

    def _state(self, endpoint: str) -> "State":
        """The state of an endpoint."""
        from sapa.processes.state import State

        return State(
            namespace=endpoint,
            store=self.state_store,
            clock=self.clock,
            sleep=time.sleep,
            jitter=random.random,
        )

    @cached_property
    def state_store(self) -> "StateStore":
        """The states of all endpoints."""
        from sapa.stores.state import DynamoDBStateStore

        return DynamoDBStateStore(self._table(self.config.state_table_name), self.clock)

    @cached_property
    def language_model(self) -> "LanguageModel":
        """The language model that the settings name. Raises `LanguageModelError`."""
        from sapa.aws.clients import model_endpoint, retries
        from sapa.processes.language_model import ModelFailure
        from sapa.stores.language_models import BedrockModel, ChatCompletionsModel

        config = self.config
        if not config.assistant_model_id:
            raise ModelFailure.UNSET.error("ASSISTANT_MODEL_ID is not set")
        make = BedrockModel if config.assistant_api == "bedrock" else ChatCompletionsModel
        return make(
            model_endpoint(config),
            config.assistant_model_id,
            system_prompt=config.assistant_system_prompt,
            retries=retries(attempts=3),
        )

    @cached_property
    def once(self) -> "Once":
        """Messages that happen once."""
        from sapa.messages.once import Once
        from sapa.stores.once import DynamoDBOnceStore

        return Once(
            store=DynamoDBOnceStore(self._table(self.config.once_table_name)), clock=self.clock
        )

    # Answers

    @cached_property
    def answers(self) -> "Answers":
        """Answers of streaming processes: accepting, stopping, listing."""
        import secrets

        from sapa.answers.asking import Answers
        from sapa.aws.clients import sqs_service
        from sapa.stores.answer_queue import SqsAnswerQueue
        from sapa.stores.answers import DynamoDBAnswerStore

        config = self.config
        return Answers(
            store=DynamoDBAnswerStore(
                answers=self._table(config.answers_table_name),
                parts=self._table(config.answer_parts_table_name),
                sessions=self._table(config.sessions_table_name),
            ),
            queue=SqsAnswerQueue(sqs_service(config), config.answer_queue_url),
            post=lambda frame, ids: self.bulk_sender.post_all(frame, ids, POST_ALL_SECONDS),
            clock=self.clock,
            new_id=lambda: secrets.token_urlsafe(12),
            limit=config.max_answers_per_user,
            retention_seconds=max(config.history_retention_seconds, LEAST_RETENTION_SECONDS),
        )

    @cached_property
    def answer_writer(self) -> "AnswerWriter":
        """Writes answers."""
        import secrets

        from sapa.answers.threads import ThreadedPosts, ThreadedSource
        from sapa.answers.writer import AnswerWriter
        from sapa.messages.streams import is_restartable, start_stream

        return AnswerWriter(
            answers=self.answers,
            is_restartable=is_restartable,
            start=lambda task, running: start_stream(task, running, self),
            make_source=ThreadedSource,
            make_posts=lambda: ThreadedPosts(self.sender, self.remove_connection),
            new_id=lambda: secrets.token_hex(8),
        )

    # Channels

    @cached_property
    def membership(self) -> "Membership":
        """Who is in which channel."""
        from sapa.channels.membership import Membership

        return Membership(
            connections=self.connections,
            subscriptions=self.subscriptions,
            presence=self.presence,
            session_channels=self.session_channels,
            announce=self._announce,
            clock=self.clock,
            max_channels=self.config.max_channels_per_connection,
            resume_seconds=self.config.history_retention_seconds,
        )

    @cached_property
    def presence(self) -> "PresenceStore":
        """The users in each channel."""
        from sapa.stores.presence import DynamoDBPresenceStore

        return DynamoDBPresenceStore(self._table(self.config.presence_table_name))

    @cached_property
    def session_channels(self) -> "SessionChannelStore":
        """The channels that each login session may resume."""
        from sapa.stores.session_channels import DynamoDBSessionChannelStore

        return DynamoDBSessionChannelStore(self._table(self.config.session_channels_table_name))

    def _announce(self, channel: str, change: str, username: str) -> None:
        """Most connects and disconnects announce nothing, and so need no publisher."""
        self.publisher.announce(channel, change, username)

    def remove_connection(self, connection_id: str) -> None:
        """Remove a connection that is gone; the membership is made when this happens."""
        self.membership.remove_connection(connection_id)

    @cached_property
    def channel_log(self) -> "ChannelLog":
        """Sequence numbers and history."""
        from sapa.stores.channel_log import DynamoDBChannelLog

        return DynamoDBChannelLog(
            channels=self._table(self.config.channels_table_name),
            messages=self._table(self.config.messages_table_name),
        )

    @cached_property
    def publisher(self) -> "Publisher":
        """Accepts events."""
        from sapa.channels.publisher import Publisher

        return Publisher(
            log=self.channel_log,
            queue=self.fan_out_queue,
            clock=self.clock,
            retention_seconds=self.config.history_retention_seconds,
            history_off_prefixes=self.config.history_off_prefixes,
        )

    @cached_property
    def resumer(self) -> "Resumer":
        """Answers `$resume`."""
        from sapa.channels.resume import Resumer

        return Resumer(
            membership=self.membership,
            log=self.channel_log,
            has_history=self.publisher.has_history,
            answers=lambda: self.answers,
            clock=self.clock,
        )

    @cached_property
    def fan_out(self) -> "FanOut":
        """Posts events to the connections in their channels."""
        from sapa.channels.fan_out import FanOut

        return FanOut(
            subscriptions=self.subscription_reader,
            queue=self.fan_out_queue,
            sender=self.bulk_sender,
            remove_connection=self.membership.remove_connection,
            clock=self.clock,
            sleep=time.sleep,
            jitter=random.random,
        )

    @cached_property
    def bulk_sender(self) -> "ThreadedBulkSender":
        """Posts to many connections at once."""
        from sapa.aws.clients import management_endpoint
        from sapa.stores.management_api import POST_SECONDS, ThreadedBulkSender

        return ThreadedBulkSender(management_endpoint(self.config, read=POST_SECONDS))

    @cached_property
    def subscriptions(self) -> "SubscriptionStore":
        """The subscriptions, as the membership writes them."""
        return self._subscriptions()

    @cached_property
    def subscription_reader(self) -> "SubscriptionReader":
        """The subscriptions, as the fan-out reads them."""
        return self._subscriptions()

    def _subscriptions(self) -> "DynamoDBSubscriptionStore":
        from sapa.stores.subscriptions import DynamoDBSubscriptionStore

        return DynamoDBSubscriptionStore(
            subscriptions=self._table(self.config.subscriptions_table_name),
            channels=self._table(self.config.channels_table_name),
        )

    # AWS

    def _table(self, name: str) -> "Table":
        from sapa.stores.table import Table

        return Table(self.dynamodb, name)

    @cached_property
    def dynamodb(self) -> "JsonService":
        """The client that all tables share."""
        from sapa.aws.clients import dynamodb_service

        return dynamodb_service(self.config)

    @cached_property
    def fan_out_queue(self) -> "FanOutQueue":
        """The queue between publisher and fan-out."""
        from sapa.aws.clients import sqs_service
        from sapa.stores.fan_out_queue import SqsFanOutQueue

        return SqsFanOutQueue(sqs_service(self.config), self.config.fan_out_queue_url)


@functools.cache
def services() -> Services:
    """The services of this execution environment."""
    return Services(settings())


def warm_up(load: Callable[[Services], object]) -> None:
    """Make parts in the init phase: nobody waits for it, and the processor is fast.

    A part that lacks a setting, or a business process that does not import, fails in the
    invocations that need it: those are logged with their ids and counted. The others go on.
    """
    with suppress(SettingError, BusinessProcessError):
        load(services())
