"""The functions' environment variables: the only reader of the environment."""

import os
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from sapa.errors import SettingError

type Environment = Mapping[str, str]


class _Setting[Value]:
    """An attribute of `Settings` that is read, and checked, each time it is used."""

    def __init__(self, read: Callable[[Environment], Value]) -> None:
        self._read = read

    def __get__(self, settings: "Settings", owner: type) -> Value:
        return self._read(settings.environment)


def _text(name: str, default: str = "") -> _Setting[str]:
    return _Setting(lambda environment: environment.get(name, "").strip() or default)


def _required(name: str) -> _Setting[str]:
    return _Setting(lambda environment: _value(environment, name))


def _value(environment: Environment, name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise SettingError(name, "is not set")
    return value


def _http_url(environment: Environment, name: str) -> str:
    url = _value(environment, name)
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise SettingError(name, "is not an http(s) URL")
    return url


def _number(name: str, default: int, *, least: int = 0) -> _Setting[int]:
    def read(environment: Environment) -> int:
        text = environment.get(name, "").strip()
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or int(text) < least:
            kind = "positive" if least else "whole"
            raise SettingError(name, f"is not a {kind} number")
        return int(text)

    return _Setting(read)


def _names(name: str) -> _Setting[tuple[str, ...]]:
    """Texts with commas between them."""

    def read(environment: Environment) -> tuple[str, ...]:
        texts = environment.get(name, "").split(",")
        return tuple(text.strip() for text in texts if text.strip())

    return _Setting(read)


def _choice(name: str, default: str, *others: str) -> _Setting[str]:
    return _Setting(lambda environment: _chosen(environment, name, default, *others))


def _chosen(environment: Environment, name: str, default: str, *others: str) -> str:
    text = environment.get(name, "").strip() or default
    if text not in {default, *others}:
        raise SettingError(name, f"is not {' or '.join((default, *others))}")
    return text


class Settings:
    """A function's environment variables.

    Each function gets only those that it needs. So a missing one is a `SettingError` in the
    function that reads it and harmless in the others.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    connections_table_name = _required("CONNECTIONS_TABLE_NAME")
    connections_username_index_name = _text("CONNECTIONS_USERNAME_INDEX_NAME")
    sessions_table_name = _required("SESSIONS_TABLE_NAME")
    channels_table_name = _required("CHANNELS_TABLE_NAME")
    subscriptions_table_name = _required("SUBSCRIPTIONS_TABLE_NAME")
    presence_table_name = _required("PRESENCE_TABLE_NAME")
    messages_table_name = _required("MESSAGES_TABLE_NAME")
    session_channels_table_name = _required("SESSION_CHANNELS_TABLE_NAME")
    state_table_name = _required("STATE_TABLE_NAME")
    answers_table_name = _required("ANSWERS_TABLE_NAME")
    answer_parts_table_name = _required("ANSWER_PARTS_TABLE_NAME")
    once_table_name = _required("ONCE_TABLE_NAME")
    fan_out_queue_url = _required("FAN_OUT_QUEUE_URL")
    answer_queue_url = _required("ANSWER_QUEUE_URL")

    user_pool_id = _required("USER_POOL_ID")
    user_pool_client_id = _required("USER_POOL_CLIENT_ID")
    # Origins, besides our own, whose pages may log in and connect; a host alone means https.
    allowed_origins = _names("ALLOWED_ORIGINS")
    session_lifetime_seconds = _number("SESSION_LIFETIME_SECONDS", 8 * 60 * 60, least=1)

    # 0 keeps no history; channels whose names begin with one of the prefixes never have one.
    history_retention_seconds = _number("HISTORY_RETENTION_SECONDS", 24 * 60 * 60)
    history_off_prefixes = _names("HISTORY_OFF_PREFIXES")
    max_channels_per_connection = _number("MAX_CHANNELS_PER_CONNECTION", 50, least=1)
    # 0 is no limit.
    max_connections_per_user = _number("MAX_CONNECTIONS_PER_USER", 0)
    connection_limit_policy = _choice("CONNECTION_LIMIT_POLICY", "close-oldest", "refuse-newest")
    max_answers_per_user = _number("MAX_ANSWERS_PER_USER", 5, least=1)
    messages_per_second_per_connection = _number("MESSAGES_PER_SECOND_PER_CONNECTION", 20, least=1)
    messages_per_second_per_user = _number("MESSAGES_PER_SECOND_PER_USER", 50, least=1)

    # The language model. Without a URL it is Amazon Bedrock's in this region, with our credentials;
    # with one, the key is sent to it if there is one.
    assistant_model_id = _text("ASSISTANT_MODEL_ID")
    assistant_system_prompt = _text("ASSISTANT_SYSTEM_PROMPT")
    assistant_key = _text("ASSISTANT_KEY")

    service_name = _text("POWERTOOLS_SERVICE_NAME", "sapa")
    metrics_namespace = _text("POWERTOOLS_METRICS_NAMESPACE", "Sapa")

    # Lambda sets these; the token is empty for lasting credentials.
    region = _required("AWS_REGION")
    access_key = _text("AWS_ACCESS_KEY_ID")
    secret_key = _text("AWS_SECRET_ACCESS_KEY")
    session_token = _text("AWS_SESSION_TOKEN")

    @property
    def management_api_endpoint(self) -> str:
        """The base URL of `@connections`, with the stage."""
        return _http_url(self.environment, "MANAGEMENT_API_ENDPOINT")

    @property
    def assistant_url(self) -> str:
        """The base URL of the language model's API; empty for Amazon Bedrock in this region."""
        name = "ASSISTANT_URL"
        return _http_url(self.environment, name) if self.environment.get(name, "").strip() else ""

    @property
    def assistant_api(self) -> str:
        """`bedrock` or `openai`, which most servers speak that have a URL of their own."""
        default, other = ("openai", "bedrock") if self.assistant_url else ("bedrock", "openai")
        return _chosen(self.environment, "ASSISTANT_API", default, other)

    @property
    def websocket_path(self) -> str:
        """The path of the WebSocket, which is also the stage of its API."""
        path = self.environment.get("WEBSOCKET_PATH") or "/ws"
        if not path.startswith("/"):
            raise SettingError("WEBSOCKET_PATH", "does not start with /")
        return path

    def service_url(self, service: str) -> str:
        """The address of an AWS service; `AWS_ENDPOINT_URL…` sets it, as for all SDKs."""
        variable = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
        for name in (variable, "AWS_ENDPOINT_URL"):
            if url := self.environment.get(name, "").strip():
                return url
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"https://{service}.{self.region}.{suffix}"


def settings() -> Settings:
    """The settings of the running function."""
    return Settings(os.environ)
