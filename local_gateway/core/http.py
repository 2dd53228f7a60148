"""The values that every event of a WebSocket connection is built from."""

from dataclasses import dataclass

type Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """An HTTP upgrade request as the client sent it.

    `headers` keep the client's spelling, order and repetitions; `query` holds decoded pairs.
    """

    headers: Headers
    query: tuple[tuple[str, str], ...]
    source_ip: str

    def header_values(self, name: str) -> tuple[str, ...]:
        """The values of a header, its name compared without regard to case."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Where a connection lives: what stays the same in all of its events.

    `connected_at` is epoch milliseconds; `domain_name` is the host shown to handlers.
    """

    api_id: str
    stage: str
    stage_variables: tuple[tuple[str, str], ...]
    domain_name: str
    connection_id: str
    connected_at: int
    source_ip: str
    user_agent: str | None
    partition: str
    region: str
    account_id: str


@dataclass(frozen=True, slots=True)
class Moment:
    """When an event happens (`at`, epoch milliseconds) and the request id it gets."""

    at: int
    request_id: str
