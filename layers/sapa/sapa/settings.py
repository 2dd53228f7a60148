"""What the template tells each function: the only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sapa.errors import SettingError

_DEFAULT_SESSION_LIFETIME_SECONDS = 8 * 60 * 60
_DEFAULT_HISTORY_RETENTION_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Settings:
    """A function's environment variables; each is checked when it is read.

    Every function gets only those that it needs, so a missing one is a `SettingError` in the
    function that reads it and nothing in the others.
    """

    environment: Mapping[str, str]

    @property
    def connections_table_name(self) -> str:
        """The table of open connections."""
        return self._required("CONNECTIONS_TABLE_NAME")

    @property
    def connections_username_index_name(self) -> str:
        """The index of that table whose key is `username`."""
        return self._required("CONNECTIONS_USERNAME_INDEX_NAME")

    @property
    def sessions_table_name(self) -> str:
        """The table of login sessions."""
        return self._required("SESSIONS_TABLE_NAME")

    @property
    def management_api_endpoint(self) -> str:
        """The base URL of `@connections`, with the stage."""
        url = self._required("MANAGEMENT_API_ENDPOINT")
        if urlsplit(url).scheme not in {"http", "https"}:
            raise SettingError("MANAGEMENT_API_ENDPOINT", "is not an http(s) URL")
        return url

    @property
    def user_pool_id(self) -> str:
        """The Cognito user pool that checks passwords."""
        return self._required("USER_POOL_ID")

    @property
    def user_pool_client_id(self) -> str:
        """The app client through which it is asked."""
        return self._required("USER_POOL_CLIENT_ID")

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Hosts or origins, besides our own, whose pages may log in and connect."""
        entries = self.environment.get("ALLOWED_ORIGINS", "").split(",")
        return tuple(entry.strip() for entry in entries if entry.strip())

    @property
    def session_lifetime_seconds(self) -> int:
        """How long a login lasts."""
        return self._number("SESSION_LIFETIME_SECONDS", _DEFAULT_SESSION_LIFETIME_SECONDS, least=1)

    @property
    def websocket_path(self) -> str:
        """The path of the WebSocket, which is also the stage of its API."""
        path = self.environment.get("WEBSOCKET_PATH") or "/ws"
        if not path.startswith("/"):
            raise SettingError("WEBSOCKET_PATH", "does not start with /")
        return path

    @property
    def service_name(self) -> str:
        """The `service` of every log line and metric."""
        return self.environment.get("POWERTOOLS_SERVICE_NAME") or "sapa"

    @property
    def metrics_namespace(self) -> str:
        """The CloudWatch namespace of the metrics."""
        return self.environment.get("POWERTOOLS_METRICS_NAMESPACE") or "Sapa"

    @property
    def channels_table_name(self) -> str:
        """The table of channels: sequence numbers and sizes."""
        return self._required("CHANNELS_TABLE_NAME")

    @property
    def subscriptions_table_name(self) -> str:
        """The table of who is in which channel."""
        return self._required("SUBSCRIPTIONS_TABLE_NAME")

    @property
    def presence_table_name(self) -> str:
        """The table of users in channels."""
        return self._required("PRESENCE_TABLE_NAME")

    @property
    def messages_table_name(self) -> str:
        """The table of kept events."""
        return self._required("MESSAGES_TABLE_NAME")

    @property
    def session_channels_table_name(self) -> str:
        """The table of channels that login sessions have been in."""
        return self._required("SESSION_CHANNELS_TABLE_NAME")

    @property
    def state_table_name(self) -> str:
        """The table of what business processes remember."""
        return self._required("STATE_TABLE_NAME")

    @property
    def fan_out_queue_url(self) -> str:
        """The queue of frames on their way to channels."""
        return self._required("FAN_OUT_QUEUE_URL")

    @property
    def history_retention_seconds(self) -> int:
        """How long events are kept; 0 for not at all."""
        return self._number("HISTORY_RETENTION_SECONDS", _DEFAULT_HISTORY_RETENTION_SECONDS)

    @property
    def history_off_prefixes(self) -> tuple[str, ...]:
        """Channels whose names begin so are not kept."""
        entries = self.environment.get("HISTORY_OFF_PREFIXES", "").split(",")
        return tuple(entry.strip() for entry in entries if entry.strip())

    @property
    def max_channels_per_connection(self) -> int:
        """How many channels a connection may be in."""
        return self._number("MAX_CHANNELS_PER_CONNECTION", 50, least=1)

    @property
    def max_connections_per_user(self) -> int:
        """How many connections a user may have; 0 for any number."""
        return self._number("MAX_CONNECTIONS_PER_USER", 0)

    @property
    def connection_limit_policy(self) -> str:
        """What happens beyond that: `close-oldest` or `refuse-newest`."""
        policy = self.environment.get("CONNECTION_LIMIT_POLICY", "").strip() or "close-oldest"
        if policy not in {"close-oldest", "refuse-newest"}:
            raise SettingError("CONNECTION_LIMIT_POLICY", "is not close-oldest or refuse-newest")
        return policy

    @property
    def messages_per_second_per_connection(self) -> int:
        """How many messages a second a connection may send."""
        return self._number("MESSAGES_PER_SECOND_PER_CONNECTION", 20, least=1)

    @property
    def messages_per_second_per_user(self) -> int:
        """How many messages a second all connections of a user may send."""
        return self._number("MESSAGES_PER_SECOND_PER_USER", 50, least=1)

    @property
    def region(self) -> str:
        """Where the function runs; Lambda sets it."""
        return self._required("AWS_REGION")

    @property
    def access_key(self) -> str:
        """The function's own credentials, as Lambda gives them."""
        return self._required("AWS_ACCESS_KEY_ID")

    @property
    def secret_key(self) -> str:
        """The secret to `access_key`."""
        return self._required("AWS_SECRET_ACCESS_KEY")

    @property
    def session_token(self) -> str:
        """What belongs to temporary credentials; empty for lasting ones."""
        return self.environment.get("AWS_SESSION_TOKEN", "").strip()

    @property
    def has_own_credentials(self) -> bool:
        """Whether the environment holds credentials, and not only where to fetch them."""
        return bool(self.environment.get("AWS_ACCESS_KEY_ID", "").strip())

    def service_url(self, service: str) -> str:
        """Where the AWS service with this endpoint prefix is reached, as all SDKs are told."""
        for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
            if url := self.environment.get(name, "").strip():
                return url
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"https://{service}.{self.region}.{suffix}"

    def _number(self, name: str, default: int, *, least: int = 0) -> int:
        text = self.environment.get(name, "").strip()
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or int(text) < least:
            kind = "positive" if least else "whole"
            raise SettingError(name, f"is not a {kind} number")
        return int(text)

    def _required(self, name: str) -> str:
        value = self.environment.get(name, "").strip()
        if not value:
            raise SettingError(name, "is not set")
        return value


def settings() -> Settings:
    """The settings of the running function."""
    return Settings(os.environ)
