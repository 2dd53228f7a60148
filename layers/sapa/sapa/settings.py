"""What the template tells each function: the only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sapa.errors import SettingError

_DEFAULT_SESSION_LIFETIME_SECONDS = 8 * 60 * 60


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
        text = self.environment.get("SESSION_LIFETIME_SECONDS", "").strip()
        if not text:
            return _DEFAULT_SESSION_LIFETIME_SECONDS
        if not (text.isascii() and text.isdigit()) or int(text) == 0:
            raise SettingError("SESSION_LIFETIME_SECONDS", "is not a positive number of seconds")
        return int(text)

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

    def _required(self, name: str) -> str:
        value = self.environment.get(name, "").strip()
        if not value:
            raise SettingError(name, "is not set")
        return value


def settings() -> Settings:
    """The settings of the running function."""
    return Settings(os.environ)
