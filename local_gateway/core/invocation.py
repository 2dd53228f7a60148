"""An invocation of a function, and what it can end with."""

from dataclasses import dataclass, field

# As API Gateway's execution log begins its line about a result that is no response.
MALFORMED_RESPONSE = "Malformed Lambda proxy response"


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The handler returned; `payload` is its result as JSON bytes (`b"null"` for `None`)."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """The handler raised, its module did not load, or its process exited.

    `report` is the error object of the runtime, with a stack trace, if it sent one.
    """

    error_type: str
    message: str
    report: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The function did not answer within `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Throttled:
    """No execution environment was allowed for the invocation (reserved concurrency)."""


type InvocationResult = Succeeded | Failed | TimedOut | Throttled


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One invocation and its end; durations are seconds.

    `duration` counts from the delivery of the event to the environment. `init_duration` is set
    on a cold invocation only: the first of an environment that was started for it.
    """

    result: InvocationResult
    request_id: str
    cold: bool
    duration: float
    init_duration: float | None = None


def outcome_of(result: InvocationResult) -> tuple[str, str | None]:
    """A result as one word, and what there is to say about it."""
    match result:
        case Succeeded():
            return "ok", None
        case Failed(error_type, message):
            return "error", f"{error_type}: {message}"
        case TimedOut(seconds):
            return "timeout", f"no answer within {seconds:g} s"
        case _:
            return "throttled", "no execution environment is free"
