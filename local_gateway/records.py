"""What happens in a running gateway, one record each, for everything that shows or keeps it.

The servers and the runtime report records; the terminal, the inspector and a recording `match` on
them. Times are epoch milliseconds.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Literal, NamedTuple, Self

from local_gateway.core.invocation import Invocation, outcome_of

type LogStream = Literal["stdout", "stderr", "platform"]


class Direction(StrEnum):
    """Which way a frame goes, seen from the gateway."""

    IN = "in"
    OUT = "out"


class Frame(NamedTuple):
    """A text message of a connection."""

    at: int
    connection_id: str
    direction: Direction
    text: str


class LogLine(NamedTuple):
    """A line of a function's log; `request_id` is None in the init phase."""

    at: int
    function: str
    stream: LogStream
    text: str
    request_id: str | None


class InvocationRecord(NamedTuple):
    """A finished invocation, as its execution environment saw it; durations are seconds.

    It does not keep the result, which may be 6 MB.
    """

    at: int
    function: str
    request_id: str
    cold: bool
    duration: float
    init_duration: float | None
    outcome: str
    detail: str | None

    @classmethod
    def from_invocation(cls, at: int, function: str, invocation: Invocation) -> Self:
        """The record of an invocation of `function` that ended at `at`."""
        return cls(
            at,
            function,
            invocation.request_id,
            invocation.cold,
            invocation.duration,
            invocation.init_duration,
            *outcome_of(invocation.result),
        )


class ApiRecord(NamedTuple):
    """What an API or an event source did; never a body or a header.

    `api` is `websocket`, `http`, `rest`, `management`, `invoke`, `destination`, or what events come
    from: `sqs`, `dynamodb`, `kinesis`, `s3`, `sns`, `states`, `events`, `schedule`. `route_key`
    names the route, caller, queue, table, stream, bucket, topic, state machine, rule or schedule.
    `request_id` is the invocation's: the function sees it, and its log lines carry it. An
    `integration` that is no Lambda proxy has a name such as `mock` or `sqs:SendMessage`, or
    `lambda` beside its function.
    """

    at: int
    api: str
    route_key: str
    outcome: str
    connection_id: str | None = None
    function: str | None = None
    request_id: str | None = None
    duration_ms: float | None = None
    cold: bool = False
    detail: str | None = None
    problem: bool = False
    integration: str | None = None

    @classmethod
    def from_invocation(
        cls,
        invocation: Invocation | None,
        *,
        at: int,
        api: str,
        route_key: str,
        outcome: str,
        problem: bool,
        connection_id: str | None = None,
        function: str | None = None,
        detail: str | None = None,
    ) -> Self:
        """The record of what an invocation led to; `None` for one that has not ended in time."""
        return cls(
            at,
            api,
            route_key,
            outcome,
            connection_id,
            function,
            invocation.request_id if invocation is not None else None,
            invocation.duration * 1000 if invocation is not None else None,
            invocation.cold if invocation is not None else False,
            detail,
            problem,
        )


type Record = Frame | LogLine | InvocationRecord | ApiRecord

# Takes every record as it happens; returns at once and does not raise.
type Observe = Callable[[Record], None]


def observe_all(observers: Sequence[Observe]) -> Observe:
    """Hands each record to all observers, in order; the sequence may still grow."""

    def observe(record: Record) -> None:
        for observer in observers:
            observer(record)

    return observe


def ignore(_: Record) -> None:
    """An `Observe` for a part that runs without observers."""
