"""In-memory doubles of the ports, held to the same tests as the DynamoDB stores."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sapa.connections import Connection
from sapa.errors import ConnectionGoneError, LoginError
from sapa.sessions import LoginSession


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

    def put(self, connection: Connection) -> None:
        self.connections[connection.connection_id] = connection

    def delete(self, connection_id: str) -> None:
        self.connections.pop(connection_id, None)

    def exists(self, connection_id: str) -> bool:
        return connection_id in self.connections

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
