"""The bot in an environment like the template's."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from functions.api.app import http_api
from sapa.login.session import start_session
from sapa.observability import logger
from sapa.services import epoch_seconds, services
from sapa.stores.table import Table
from tests.integration.sapa.faulty_api import FaultyApi, faulty_api
from tests.integration.sapa.moto_front import MotoFront, moto_front
from tests.integration.sapa.stack import (
    REGION,
    TOKEN,
    ManagementApi,
    create_pool,
    create_tables,
    management_api,
)


@dataclass(frozen=True, slots=True)
class Cloud:
    """What the tests look at and prepare."""

    management_api: ManagementApi
    aws: MotoFront


def new_environment() -> None:
    """Make all services again when they are used next."""
    services.cache_clear()
    http_api.cache_clear()


@pytest.fixture
def api() -> Iterator[FaultyApi]:
    """A service that does what a test wants."""
    with faulty_api() as api:
        yield api


@pytest.fixture
def pauses() -> list[float]:
    """The pauses between tries, which are not waited for."""
    return []


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that open nothing, and a region."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def environment(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The variables of the template; nothing that they name exists yet."""
    for name, value in {
        "CONNECTIONS_TABLE_NAME": "connections",
        "CONNECTIONS_USERNAME_INDEX_NAME": "by-username",
        "SESSIONS_TABLE_NAME": "sessions",
        "CHANNELS_TABLE_NAME": "channels",
        "SUBSCRIPTIONS_TABLE_NAME": "subscriptions",
        "PRESENCE_TABLE_NAME": "presence",
        "MESSAGES_TABLE_NAME": "messages",
        "SESSION_CHANNELS_TABLE_NAME": "session_channels",
        "STATE_TABLE_NAME": "state",
        "MANAGEMENT_API_ENDPOINT": "http://localhost/ws",
        "USER_POOL_ID": f"{REGION}_none",
        "USER_POOL_CLIENT_ID": "none",
        "ALLOWED_ORIGINS": "",
        "SESSION_LIFETIME_SECONDS": "3600",
        "WEBSOCKET_PATH": "/ws",
    }.items():
        monkeypatch.setenv(name, value)
    new_environment()
    yield
    new_environment()


@pytest.fixture(scope="session")
def moto() -> Iterator[MotoFront]:
    """One moto for all tests; each begins with nothing in it."""
    with moto_front() as front:
        yield front


@pytest.fixture
def cloud(environment: None, moto: MotoFront, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """Tables in moto and a management API on a socket."""
    moto.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.url)
    with management_api(moto.calls) as api:
        create_tables()
        queue = boto3.client("sqs").create_queue(QueueName="fan_out")["QueueUrl"]
        monkeypatch.setenv("FAN_OUT_QUEUE_URL", queue)
        monkeypatch.setenv("MANAGEMENT_API_ENDPOINT", api.url)
        yield Cloud(api, moto)


@pytest.fixture
def user_pool_id(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> str:
    """A user pool with the user `demo`."""
    pool, client = create_pool()
    monkeypatch.setenv("USER_POOL_ID", pool)
    monkeypatch.setenv("USER_POOL_CLIENT_ID", client)
    return pool


def store_session(session_id: str = "s1") -> None:
    """Store the login session of the recorded cookie."""
    expires_at = epoch_seconds() + 3600
    start_session(
        "demo", services().sessions, token=TOKEN, session_id=session_id, expires_at=expires_at
    )


@pytest.fixture
def session(cloud: Cloud) -> None:
    """The login session of the recorded cookie."""
    store_session()


def table(name: str) -> Table:
    """A table in moto."""
    return Table(services().dynamodb, name)


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The log lines as they are written."""
    return [json.loads(logger.registered_formatter.format(record)) for record in caplog.records]
