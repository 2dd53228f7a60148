"""In-memory doubles of the ports, held to the same tests as the DynamoDB stores."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sapa.connections.connection import Connection, Parting
from sapa.errors import ConnectionGoneError, LoginError
from sapa.login.sessions import LoginSession
from sapa.refusals import TooManyChannelsError


@dataclass
class InMemorySessionStore:
    """A `SessionStore` that counts its reads."""

    sessions: dict[str, LoginSession] = field(default_factory=dict)
    reads: int = 0

    def put(self, session: LoginSession) -> None:
        self.sessions[session.token_hash] = session

    def get(self, token_hash: str) -> LoginSession | None:
        self.reads += 1
        return self.sessions.get(token_hash)

    def delete(self, token_hash: str) -> LoginSession | None:
        return self.sessions.pop(token_hash, None)


@dataclass
class InMemoryConnectionStore:
    """A `ConnectionStore`."""

    connections: dict[str, Connection] = field(default_factory=dict)
    channels: dict[str, dict[str, int]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def put(self, connection: Connection) -> None:
        self.connections[connection.connection_id] = connection
        self.channels[connection.connection_id] = {}

    def enter(self, connection_id: str, channel: str, since: int, limit: int) -> int | None:
        if not self._is_there(connection_id):
            return None
        noted = self.channels[connection_id]
        if channel not in noted and len(noted) >= limit:
            raise TooManyChannelsError(channel, limit)
        return noted.setdefault(channel, since)

    def enter_anew(self, connection_id: str, channel: str, since: int, earlier: int) -> bool:
        if self.since(connection_id, channel) not in {earlier, since}:
            return False
        self.channels[connection_id][channel] = since
        return True

    def leave(self, connection_id: str, channel: str, since: int | None = None) -> int | None:
        noted = self.channels.get(connection_id, {})
        if since is not None and noted.get(channel) != since:
            return None
        return noted.pop(channel, None)

    def since(self, connection_id: str, channel: str) -> int | None:
        if not self._is_there(connection_id):
            return None
        return self.channels[connection_id].get(channel, 0)

    def part(self, connection_id: str) -> Parting | None:
        if connection_id not in self.connections:
            return None
        self.gone.add(connection_id)
        subscriber = self.connections[connection_id].subscriber()
        return Parting(subscriber=subscriber, channels=dict(self.channels[connection_id]))

    def delete(self, connection_id: str) -> None:
        self.connections.pop(connection_id, None)
        self.channels.pop(connection_id, None)
        self.gone.discard(connection_id)

    def _is_there(self, connection_id: str) -> bool:
        return connection_id in self.connections and connection_id not in self.gone

    def of_user(self, username: str) -> Iterator[Connection]:
        return (each for each in self.connections.values() if each.username == username)


@dataclass
class RecordingSender:
    """A `MessageSender`; ids in `gone` are closed."""

    gone: set[str] = field(default_factory=set)
    posted: list[tuple[str, str]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def post(self, connection_id: str, frame: str) -> None:
        self._check(connection_id)
        self.posted.append((connection_id, frame))

    def close(self, connection_id: str) -> None:
        self._check(connection_id)
        self.closed.append(connection_id)

    def _check(self, connection_id: str) -> None:
        if connection_id in self.gone:
            raise ConnectionGoneError(connection_id)


@dataclass
class ScriptedCredentials:
    """A `CredentialChecker` that grants everything, or refuses with `refusal`."""

    refusal: LoginError | None = None

    def check(self, username: str, password: str, new_password: str | None = None) -> str:
        if self.refusal is not None:
            raise self.refusal
        return username
