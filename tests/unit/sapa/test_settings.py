"""The environment variables of the functions."""

import pytest

from sapa.errors import SettingError
from sapa.settings import Settings, settings


def test_values_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSIONS_TABLE_NAME", " sessions ")
    assert settings().sessions_table_name == "sessions"


@pytest.mark.parametrize("value", [None, "", "  "])
def test_missing_variable_is_named(value: str | None) -> None:
    environment = {} if value is None else {"CONNECTIONS_TABLE_NAME": value}
    with pytest.raises(SettingError, match="CONNECTIONS_TABLE_NAME is not set"):
        _ = Settings(environment).connections_table_name


def test_every_required_variable_has_its_own_name() -> None:
    config = Settings(
        {
            "CONNECTIONS_USERNAME_INDEX_NAME": "index",
            "USER_POOL_ID": "pool",
            "USER_POOL_CLIENT_ID": "client",
            "MANAGEMENT_API_ENDPOINT": "https://api.example/ws",
        }
    )
    assert config.connections_username_index_name == "index"
    assert (config.user_pool_id, config.user_pool_client_id) == ("pool", "client")
    assert config.management_api_endpoint == "https://api.example/ws"


@pytest.mark.parametrize("url", ["wss://api.example/ws", "api.example"])
def test_management_api_is_reached_over_http(url: str) -> None:
    with pytest.raises(SettingError, match="is not an http"):
        _ = Settings({"MANAGEMENT_API_ENDPOINT": url}).management_api_endpoint


def test_origins_are_a_list() -> None:
    assert Settings({"ALLOWED_ORIGINS": "a.example, ,b.example "}).allowed_origins == (
        "a.example",
        "b.example",
    )
    assert Settings({}).allowed_origins == ()


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("", 28_800), (" ", 28_800)])
def test_session_lifetime(text: str, seconds: int) -> None:
    assert Settings({"SESSION_LIFETIME_SECONDS": text}).session_lifetime_seconds == seconds


@pytest.mark.parametrize("text", ["0", "-1", "1h", "1.5", "²"])
def test_bad_session_lifetime_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="SESSION_LIFETIME_SECONDS"):
        _ = Settings({"SESSION_LIFETIME_SECONDS": text}).session_lifetime_seconds


def test_websocket_path() -> None:
    assert Settings({}).websocket_path == "/ws"
    assert Settings({"WEBSOCKET_PATH": "/live"}).websocket_path == "/live"
    with pytest.raises(SettingError, match="does not start with /"):
        _ = Settings({"WEBSOCKET_PATH": "ws"}).websocket_path


@pytest.mark.parametrize(
    ("variables", "url", "api"),
    [
        ({}, "", "bedrock"),
        ({"ASSISTANT_URL": " "}, "", "bedrock"),
        ({"ASSISTANT_URL": "http://localhost:11434/v1"}, "http://localhost:11434/v1", "openai"),
        (
            {"ASSISTANT_URL": "https://a.example", "ASSISTANT_API": "bedrock"},
            *("https://a.example", "bedrock"),
        ),
    ],
)
def test_a_model_with_a_url_of_its_own_speaks_like_openai(
    variables: dict[str, str], url: str, api: str
) -> None:
    config = Settings(variables)
    assert (config.assistant_url, config.assistant_api) == (url, api)


@pytest.mark.parametrize("url", ["localhost:11434", "http://", "http:///v1", "ftp://a.example"])
def test_a_models_url_is_one_of_http(url: str) -> None:
    with pytest.raises(SettingError, match="ASSISTANT_URL is not an http"):
        _ = Settings({"ASSISTANT_URL": url}).assistant_url


def test_a_models_api_is_one_of_two() -> None:
    with pytest.raises(SettingError, match="ASSISTANT_API is not bedrock or openai"):
        _ = Settings({"ASSISTANT_API": "gemini"}).assistant_api


def test_names_for_logs_and_metrics() -> None:
    assert (Settings({}).service_name, Settings({}).metrics_namespace) == ("sapa", "Sapa")
    named = Settings({"POWERTOOLS_SERVICE_NAME": "a", "POWERTOOLS_METRICS_NAMESPACE": "b"})
    assert (named.service_name, named.metrics_namespace) == ("a", "b")
