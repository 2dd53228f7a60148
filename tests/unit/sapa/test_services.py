"""The composition root: parts are made when they are used, and once."""

import pytest

from sapa.errors import BusinessProcessError, SettingError
from sapa.services import Services, warm_up
from sapa.settings import Settings


def test_part_that_lacks_a_setting_fails_when_it_is_used() -> None:
    parts = Services(Settings({"AWS_REGION": "eu-west-1"}))
    assert parts.rate_limits is parts.rate_limits
    with pytest.raises(SettingError, match="SESSIONS_TABLE_NAME"):
        _ = parts.sessions


def test_warming_up_leaves_what_lacks_a_setting_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SESSIONS_TABLE_NAME", raising=False)
    warm_up(lambda parts: parts.sessions)


def test_warming_up_leaves_a_broken_process_for_its_messages() -> None:
    def load(parts: Services) -> None:
        raise BusinessProcessError("reply", "cannot be imported")

    warm_up(load)


def test_all_tables_share_one_client() -> None:
    environment = {
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    }
    names = ("CHANNELS", "CONNECTIONS", "MESSAGES", "PRESENCE", "SESSION_CHANNELS", "SUBSCRIPTIONS")
    tables = {f"{name}_TABLE_NAME": name.lower() for name in names}
    parts = Services(Settings({**environment, **tables, "FAN_OUT_QUEUE_URL": "http://q/1/q"}))
    assert parts.resumer.log is parts.publisher.log
    assert parts.membership.connections is parts.connections
    assert parts.dynamodb is parts.dynamodb


def test_state_is_made_once_for_each_endpoint() -> None:
    parts = Services(
        Settings(
            {
                "AWS_REGION": "eu-west-1",
                "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                "AWS_ACCESS_KEY_ID": "testing",
                "STATE_TABLE_NAME": "state",
            }
        )
    )
    assert parts.state("game") is parts.state("game")
    assert parts.state("chat").namespace == "chat"
