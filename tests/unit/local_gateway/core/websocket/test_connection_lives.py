"""Any interleaving of what can happen to a connection."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, TimedOut
from local_gateway.core.timestamps import RequestStamp
from local_gateway.core.websocket.actions import (
    AcceptHandshake,
    Action,
    Invoke,
    Purpose,
    RefuseHandshake,
    SendText,
)
from local_gateway.core.websocket.connection import State
from tests.unit.local_gateway.core.samples import (
    CONNECTED_AT,
    REQUEST_ID,
)
from tests.unit.local_gateway.core.websocket.connections import (
    OK,
    connection,
    guarded,
    policy,
)


class Lives(RuleBasedStateMachine):
    """Any interleaving keeps: one handshake decision, one `$disconnect`, silence after the end."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = connection(guarded("$default", "$disconnect"))
        self.at = CONNECTED_AT
        self.decisions = 0
        self.ends = 0
        self.in_flight: list[Invoke] = []

    def take(self, actions: list[Action]) -> None:
        was_closed = self.connection.state is State.CLOSED
        for action in actions:
            match action:
                case AcceptHandshake() | RefuseHandshake():
                    self.decisions += 1
                case Invoke(purpose=Purpose.DISCONNECT):
                    self.ends += 1
                case Invoke():
                    self.in_flight.append(action)
                case SendText():
                    assert not was_closed
                case _:
                    pass

    def stamp(self) -> RequestStamp:
        self.at += 1000
        return RequestStamp(self.at, REQUEST_ID)

    @precondition(lambda self: self.connection.state is State.NEW)
    @rule()
    def begin(self) -> None:
        self.take(self.connection.open(self.stamp()))

    @rule(result=st.sampled_from([policy(), policy("Deny"), TimedOut(1)]))
    def authorize(self, result: InvocationResult) -> None:
        self.take(self.connection.authorized(result, self.stamp(), 1))

    @rule(result=st.sampled_from([OK, Succeeded(b'{"statusCode": 403}'), Failed("E", "m")]))
    def connect(self, result: InvocationResult) -> None:
        self.take(self.connection.connected(result, self.stamp()))

    @rule(body=st.text(max_size=20))
    def say(self, body: str) -> None:
        self.take(self.connection.text_received(body, self.stamp()))

    @rule(result=st.sampled_from([OK, Failed("E", "m"), TimedOut(29)]))
    def answer(self, result: InvocationResult) -> None:
        messages = [item for item in self.in_flight if item.purpose is Purpose.MESSAGE]
        if messages:
            self.in_flight.remove(messages[0])
            self.take(self.connection.replied(messages[0], result, self.stamp().at))

    @rule(data=st.binary(max_size=20))
    def post(self, data: bytes) -> None:
        was_open = self.connection.is_open
        response, actions = self.connection.post(data, self.stamp().at, 0)
        assert response.status == (200 if was_open else 410)
        self.take(actions)

    @rule(minutes=st.integers(0, 130))
    def wait(self, minutes: int) -> None:
        self.at += minutes * 60_000
        self.take(self.connection.expired(self.stamp()))

    @rule()
    def delete(self) -> None:
        self.take(self.connection.delete(self.stamp())[1])

    @rule(code=st.sampled_from([1000, 1001, 1005, 1006, 4001]))
    def vanish(self, code: int) -> None:
        self.take(self.connection.lost(code, "", self.stamp()))

    @invariant()
    def at_most_one_decision_and_one_end(self) -> None:
        assert self.decisions <= 1
        assert self.ends <= 1
        if self.ends:
            assert self.connection.state is State.CLOSED


TestLives = Lives.TestCase
