"""Handshakes, logouts, revocations and messages at the same time: no ended session answers."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.connect.app import check_in
from sapa.channels.channel import user_channel
from sapa.connections.connection import OPENING_SECONDS, Connection
from sapa.errors import ConnectionGoneError
from sapa.handshake.authorizer import decide
from sapa.lambda_events import ConnectionEvent, HandshakeEvent, body_of
from sapa.login.session import COOKIE_NAME, LoginSession, start_session, token_hash
from sapa.messages.replies import answer, post
from sapa.web.accounts import Accounts
from tests.integration.sapa.stack import recorded
from tests.unit.sapa.fakes import FakeServices, InMemoryConnectionStore, InMemorySessionStore
from tests.unit.sapa.step_scheduler import StepScheduler, Stepwise
from tests.unit.sapa.web.test_accounts import REQUEST

# The connect function's timeout.
CONNECT_MS = 10_000
SESSIONS = {"a1": "ana", "a2": "ana", "b1": "ben"}
HOUR = 3600


def token(session_id: str) -> str:
    return session_id.ljust(43, "x")


def is_session_ended(frame: str) -> bool:
    return bool(json.loads(frame).get("error", {}).get("code") == "session_ended")


@dataclass
class Socket:
    """A client's socket; `frames` reached the client, `closed_by` is a thread of the bot."""

    session_id: str
    event: dict[str, Any]
    state: str = "handshake"
    closed_by: int | None = None
    frames: list[str] = field(default_factory=list)


@dataclass
class Sockets:
    """API Gateway's sockets, and its management API: 410 unless the socket is open."""

    by_id: dict[str, Socket] = field(default_factory=dict)

    def post(self, connection_id: str, frame: str) -> None:
        self._open(connection_id).frames.append(frame)

    def close(self, connection_id: str) -> None:
        socket = self._open(connection_id)
        socket.state, socket.closed_by = "closed", threading.get_ident()

    def _open(self, connection_id: str) -> Socket:
        if self.by_id[connection_id].state != "open":
            raise ConnectionGoneError(connection_id)
        return self.by_id[connection_id]


class LateIndex(InMemoryConnectionStore):
    """A `ConnectionStore` whose index by user lacks what was stored in the last second."""

    seconds: Callable[[], int]

    def of_user(self, username: str) -> Iterator[Connection]:
        late = self.seconds() - 1
        return (each for each in super().of_user(username) if each.connected_at <= late)


@dataclass
class NotingSessionStore(InMemorySessionStore):
    """A `SessionStore` that notes which thread has deleted a session."""

    deleted_by: dict[str, int] = field(default_factory=dict)

    def delete(self, token_hash: str) -> LoginSession | None:
        session = super().delete(token_hash)
        if session is not None:
            self.deleted_by[session.session_id] = threading.get_ident()
        return session


class Bot:
    """The bot's functions between their stores and API Gateway; each call of either is a step."""

    def __init__(self, scheduler: StepScheduler, limit: str, policy: str) -> None:
        services = FakeServices(MAX_CONNECTIONS_PER_USER=limit, CONNECTION_LIMIT_POLICY=policy)
        self.services, self.scheduler, self.sockets = services, scheduler, Sockets()
        services.session_store = self.session_store = NotingSessionStore()
        services.sessions = services.session_store
        self.ending: set[str] = set()
        for session_id, username in SESSIONS.items():
            start_session(
                username,
                services.sessions,
                token=token(session_id),
                session_id=session_id,
                expires_at=services.now // 1000 + HOUR,
            )
        services.connection_store = LateIndex()
        services.connection_store.seconds = lambda: services.now // 1000

        def store(real: object) -> Any:
            return Stepwise(real, scheduler.step)

        services.sessions = store(services.session_store)
        services.connections = store(services.connection_store)
        services.subscriptions = store(services.subscription_store)
        services.sender = store(self.sockets)
        services.session_sockets = replace(services.session_sockets, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.scheduler.step()
        self.services.now += int(seconds * 1000)

    def is_over(self, session_id: str) -> bool:
        """Whether a session has been deleted or has expired."""
        session = self.services.session_store.sessions.get(token_hash(token(session_id)))
        return session is None or session.expires_at <= self.services.now // 1000

    def connect(self, session_id: str) -> None:
        """A handshake: the authorizer, the connect function, and the opening of the socket."""
        services, connection_id = self.services, f"c{len(self.sockets.by_id)}"
        cookie = f"{COOKIE_NAME}={token(session_id)}"
        event = recorded("connect")
        event["multiValueHeaders"] = {"Cookie": [cookie]}
        event["requestContext"] |= {"connectionId": connection_id, "connectedAt": services.now}
        socket = self.sockets.by_id[connection_id] = Socket(session_id, event)
        handshake = HandshakeEvent(
            method_arn="arn",
            endpoint="reply",
            cookie_headers=(cookie,),
            origins=(),
            hosts=(),
            is_https=True,
        )
        decision = decide(handshake, services.sessions, (), services.now // 1000)
        assert decision is not None
        if decision.session is None:
            assert session_id in self.ending or self.is_over(session_id)
            socket.state = "refused"
            return
        event["requestContext"]["authorizer"] = {
            "username": decision.session.username,
            "endpoint": "reply",
            "session_id": session_id,
            "expires_at": str(decision.session.expires_at),
        }
        self.scheduler.step()
        invoked = services.now
        event["requestContext"]["requestTimeEpoch"] = invoked
        reason = check_in(ConnectionEvent.from_event(event), event, services)
        if reason == "no_session":
            assert session_id in self.ending or self.is_over(session_id)
            assert connection_id not in services.connection_store.connections
            user = user_channel(SESSIONS[session_id])
            assert not services.subscription_store.contains(user, connection_id)
            me = threading.get_ident()
            assert all(each.closed_by != me for each in self.sockets.by_id.values())
        if reason is not None or services.now > invoked + CONNECT_MS:
            socket.state = "refused"
            return
        self.scheduler.step()
        # API Gateway opens a socket within milliseconds of the connect function's answer.
        is_in_time = services.now < invoked + OPENING_SECONDS * 1000
        if socket.state == "handshake":
            socket.state = "open" if is_in_time else "refused"

    def send(self, connection_id: str) -> list[str]:
        """A message over an open socket, and the frames that came back."""
        socket = self.sockets.by_id.get(connection_id)
        if socket is None or socket.state != "open":
            return []
        before = len(socket.frames)
        message = recorded("default") | {"body": '{"message": "Hai!"}'}
        message["requestContext"] = {
            **message["requestContext"],
            **{key: socket.event["requestContext"][key] for key in ("connectionId", "connectedAt")},
            "authorizer": socket.event["requestContext"]["authorizer"],
            "requestTimeEpoch": self.services.now,
        }
        event = ConnectionEvent.from_event(message)
        post(answer(body_of(message), event, self.services), connection_id, self.services)
        return socket.frames[before:]

    def log_out(self, session_id: str) -> None:
        """`POST /auth/logout`; when it has ended the session, no socket of it is open."""
        self.ending.add(session_id)
        cookie = f"{COOKIE_NAME}={token(session_id)}"
        Accounts(self.services).logout(replace(REQUEST, cookie_headers=(cookie,)))
        if self.session_store.deleted_by.get(session_id) == threading.get_ident():
            self.check_closed({session_id})

    def revoke(self, username: str) -> None:
        """What `make revoke` does after it has disabled the user."""
        ended = {session_id for session_id, owner in SESSIONS.items() if owner == username}
        self.ending |= ended
        for session_id in sorted(ended):
            self.services.sessions.delete(token_hash(token(session_id)))
        self.services.session_sockets.close(username)
        self.check_closed(ended)

    def leave(self, connection_id: str) -> None:
        """The client closes its socket, perhaps before it is open; then comes `$disconnect`."""
        if connection_id not in self.sockets.by_id:
            return
        self.sockets.by_id[connection_id].state = "closed"
        self.scheduler.step()
        self.services.remove_connection(connection_id)

    def disconnect(self) -> None:
        """`$disconnect` of all sockets that the server has closed; it can come twice."""
        for connection_id, socket in list(self.sockets.by_id.items()):
            if socket.closed_by is not None:
                self.services.remove_connection(connection_id)

    def check_closed(self, session_ids: set[str]) -> None:
        """Check that these sessions have no open socket."""
        left = {
            name: socket
            for name, socket in self.sockets.by_id.items()
            if socket.session_id in session_ids and socket.state == "open"
        }
        assert left == {}

    def check(self) -> None:
        """Check what has to be true whenever nothing is under way."""
        for connection_id, socket in self.sockets.by_id.items():
            is_over = self.is_over(socket.session_id)
            if socket.closed_by is not None and not is_over:
                assert "too_many_connections" in socket.frames[-1], "closed for no reason"
            if socket.state != "open":
                continue
            if not is_over:
                user = user_channel(SESSIONS[socket.session_id])
                assert connection_id in self.services.connection_store.connections
                assert self.services.subscription_store.contains(user, connection_id)
            [reply] = self.send(connection_id)
            assert is_session_ended(reply) == is_over
            assert (socket.state == "closed") == is_over


Action = tuple[str, str]
BEFORE = st.one_of(
    st.tuples(st.just("connect"), st.sampled_from(sorted(SESSIONS))),
    st.tuples(st.just("pass"), st.sampled_from(["2", "20", "40"])),
    st.tuples(st.just("leave"), st.sampled_from(["c0", "c1"])),
)
ACTIONS = st.one_of(
    st.tuples(st.just("connect"), st.sampled_from(sorted(SESSIONS))),
    st.tuples(st.just("connect"), st.just("a1")),
    st.tuples(st.just("log_out"), st.just("a1")),
    st.tuples(st.just("revoke"), st.just("ana")),
    st.tuples(st.sampled_from(["send", "leave"]), st.sampled_from(["c0", "c1", "c2"])),
    st.tuples(st.just("disconnect"), st.just("")),
    st.tuples(st.just("pass"), st.sampled_from(["2", "8", "20", str(HOUR)])),
)


def job(bot: Bot, action: Action) -> Callable[[], object]:
    """What happens for an action; nothing if it names a socket that does not exist yet."""
    what, name = action
    match what:
        case "connect":
            return lambda: bot.connect(name)
        case "log_out":
            return lambda: bot.log_out(name)
        case "revoke":
            return lambda: bot.revoke(name)
        case "send":
            return lambda: bot.send(name)
        case "leave":
            return lambda: bot.leave(name)
        case "disconnect":
            return bot.disconnect
        case _:
            return lambda: bot.sleep(int(name))


@example(  # The connect function reads the session, which then ends; then the socket opens.
    before=[],
    at_once=[("connect", "a1"), ("log_out", "a1")],
    schedule=[0] * 6 + [1] * 20,
    limit=("0", "close-oldest"),
)
@example(  # The session ends before the connection is on the list.
    before=[],
    at_once=[("connect", "a1"), ("log_out", "a1")],
    schedule=[0] * 4 + [1] * 8,
    limit=("0", "close-oldest"),
)
@example(  # The connection is stored while the session ends.
    before=[],
    at_once=[("connect", "a1"), ("log_out", "a1")],
    schedule=[0] * 3 + [1] * 3 + [0] * 8,
    limit=("0", "close-oldest"),
)
@example(  # Like the first one, but the connect function takes most of its time.
    before=[],
    at_once=[("connect", "a1"), ("pass", "8"), ("log_out", "a1")],
    schedule=[0] * 6 + [1] * 20,
    limit=("0", "close-oldest"),
)
@example(  # A newer connection closes the oldest, whose handshake still runs.
    before=[],
    at_once=[("connect", "a1"), ("pass", "2"), ("connect", "a2")],
    schedule=[0] * 7 + [1] * 16,
    limit=("1", "close-oldest"),
)
@example(  # A handshake that would close the oldest connection is refused.
    before=[("connect", "a2"), ("pass", "2")],
    at_once=[("connect", "a1"), ("log_out", "a1")],
    schedule=[0] * 4 + [1] * 8,
    limit=("1", "close-oldest"),
)
@example(  # A client leaves while its handshake is stored, and the session ends.
    before=[],
    at_once=[("log_out", "a1"), ("connect", "a1"), ("leave", "c0"), ("connect", "a1")],
    schedule=[3, 3, 3, 3],
    limit=("0", "close-oldest"),
)
@settings(max_examples=400, deadline=None)
@given(
    before=st.lists(BEFORE, max_size=4),
    at_once=st.lists(ACTIONS, min_size=2, max_size=4),
    schedule=st.lists(st.integers(0, 3), max_size=60),
    limit=st.sampled_from([("0", "close-oldest"), ("1", "close-oldest"), ("2", "refuse-newest")]),
)
def test_no_order_leaves_a_socket_of_an_ended_session_that_answers(
    before: list[Action], at_once: list[Action], schedule: list[int], limit: tuple[str, str]
) -> None:
    scheduler = StepScheduler()
    bot = Bot(scheduler, *limit)
    for action in before:
        job(bot, action)()
        bot.check()
    scheduler.run([job(bot, action) for action in at_once], schedule)
    bot.check()
