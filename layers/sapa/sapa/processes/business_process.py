"""What makes a function a business process, and what it may know and do.

    @business_process
    def shout(message: str) -> str:
        \"""Say it louder.\"""
        return message.upper()

The parameters are the keys of a message, their annotations the types, the docstring is the
documentation and the return value the reply. A parameter annotated `Context` is no key: it gets
the `Context` of the message. This module needs no pydantic: `sapa.messages.inputs` makes the
checks of the inputs.
"""

import functools
import inspect
import keyword
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Protocol,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

from sapa.errors import BusinessProcessError
from sapa.observability import logger

if TYPE_CHECKING:
    from sapa.channels.channel import ChannelEvent, Member
    from sapa.connections.connection import Subscriber
    from sapa.lambda_events import ConnectionEvent
    from sapa.processes.language_model import LanguageModel
    from sapa.processes.state import State
    from sapa.services import Services

MAX_HISTORY = 1_000


class Stream[T](Protocol):
    """The return type of a streaming business process, which is a generator.

    What it yields is posted while it runs, and kept: strings, mappings or models.
    """

    def __iter__(self) -> Iterator[T]: ...
    def __next__(self) -> T: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningAnswer:
    """What a streaming process may know of its answer.

    `last_number` and `last` are the number and content of the last part that is stored already: a
    process that is `restartable` goes on behind it. At the beginning they are 0 and `None`.
    """

    answer_id: str
    last_number: int
    last: Mapping[str, Any] | None
    _time_left: Callable[[], float] = field(repr=False, compare=False)
    _is_stopping: Callable[[], bool] = field(repr=False, compare=False)

    @property
    def time_left(self) -> float:
        """The seconds for which the process may run; then the answer fails with what it has."""
        return self._time_left()

    @property
    def is_stopping(self) -> bool:
        """Whether nothing more is wanted: the next `yield` raises `GeneratorExit`."""
        return self._is_stopping()


@dataclass(frozen=True, slots=True)
class Context:
    """What a business process may know and do beyond its inputs and reply.

    All methods raise `ChannelNameError` for what cannot name a channel. A refusal that a process
    does not catch is sent to the client.
    """

    event: "ConnectionEvent"
    # Parts are made when they are used: most messages need no channels, and pay for none.
    _services: "Services" = field(repr=False, compare=False)
    # The channels that were joined, with their last event: the client gets them before the reply.
    joined: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    # Those that were left and not joined again.
    left: set[str] = field(default_factory=set, repr=False, compare=False)
    _answer: RunningAnswer | None = field(default=None, repr=False, compare=False)

    @property
    def answer(self) -> RunningAnswer:
        """The answer of a streaming process. Raises `LookupError` in any other."""
        if self._answer is None:
            raise LookupError("only a streaming process has an answer: annotate it Stream[…]")
        return self._answer

    @property
    def username(self) -> str:
        """The user who sent the message."""
        return self.event.username

    @property
    def connection_id(self) -> str:
        """The connection that sent the message."""
        return self.event.connection_id

    @property
    def endpoint(self) -> str:
        """The endpoint that answers it."""
        return self.event.endpoint

    @property
    def request_id(self) -> str:
        """The request id in the logs."""
        return self.event.request_id

    @property
    def received_at(self) -> int:
        """When API Gateway received the message, in epoch milliseconds."""
        return self.event.request_time

    @property
    def state(self) -> "State":
        """Values that outlive the message, shared by all messages to this endpoint."""
        return self._services.state(self.endpoint)

    @property
    def language_model(self) -> "LanguageModel":
        """The language model of the settings. Raises `LanguageModelError` if there is none."""
        return self._services.language_model

    def join(self, channel: str) -> bool:
        """Let this connection into a channel; false when it is there already.

        In `$joined`, the client gets the number of the channel's last event so far. Raises
        `TooManyChannelsError`, and `ForbiddenChannelError` for another user's channel.
        """
        is_new = self._services.membership.join(self.subscriber(), channel)
        if is_new:
            logger.info("joined", channel=channel)
        self.left.discard(channel)
        # Joined first, read second: an event that is published in between arrives by itself.
        self.joined[channel] = self._services.channel_log.last_sequence(channel)
        return is_new

    def leave(self, channel: str) -> bool:
        """Take this connection out of a channel; false when it is not there."""
        self.joined.pop(channel, None)
        self.left.add(channel)
        left = self._services.membership.leave(self.subscriber(), channel)
        if left:
            logger.info("left", channel=channel)
        return left

    def publish(self, channel: str, payload: Mapping[str, Any], *, to_self: bool = True) -> int:
        """Send a JSON object to everybody in a channel and return its sequence number.

        When this returns, the event cannot be lost. The publisher need not be in the channel;
        with `to_self=False` this connection does not get the event. Raises `PayloadError`,
        `PayloadTooLargeError`.
        """
        event = self._services.publisher.publish(
            channel,
            payload,
            publisher=self.username,
            exclude=None if to_self else self.connection_id,
        )
        logger.info("published", channel=channel, sequence=event.sequence)
        return event.sequence

    def members(self, channel: str) -> "list[Member]":
        """The users in a channel, by name, however many connections each has."""
        return self._services.membership.members(channel)

    def history(
        self, channel: str, limit: int = 50, before: int | None = None
    ) -> "list[ChannelEvent]":
        """The last `limit` (at most 1,000) events in order, of those before a sequence number."""
        from sapa.channels.channel import channel_name

        if not 1 <= limit <= MAX_HISTORY:
            raise ValueError(f"a history's limit is 1 to {MAX_HISTORY}, not {limit}")
        now = self._services.clock() // 1000
        return self._services.channel_log.before(channel_name(channel), before, limit, now)

    def subscriber(self) -> "Subscriber":
        """This connection as a possible member of channels."""
        from sapa.connections.connection import Connection

        return Connection.from_event(self.event).subscriber()


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input variable: `key` in the message, `name` in Python (`from_` for the key `from`)."""

    key: str
    name: str
    annotation: object
    default: object

    @property
    def required(self) -> bool:
        """Whether a message has to have it."""
        return self.default is inspect.Parameter.empty


class BusinessProcess[**P, R]:
    """A function that can serve an endpoint; calling it calls the function."""

    def __init__(self, function: Callable[P, R], *, restartable: bool = False) -> None:
        self.function: Final = function
        self.restartable: Final = restartable
        self.name = function.__name__
        self.documentation = inspect.getdoc(function) or ""
        functools.update_wrapper(self, function)
        self.is_stream: Final = _is_stream(function.__annotations__.get("return"))
        _check(function)
        _check_stream(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    @functools.cached_property
    def hints(self) -> dict[str, object]:
        """The resolved annotations, `return` among them."""
        try:
            return get_type_hints(self.function, include_extras=True)
        # Annotations that are texts are evaluated here: anything can be wrong with them.
        except Exception as error:
            raise BusinessProcessError(self.name, f"unknown annotation: {error}") from error

    @functools.cached_property
    def context_name(self) -> str | None:
        """The parameter that gets the `Context`."""
        return next((name for name, hint in self._inputs() if _is_context(hint)), None)

    @functools.cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The input variables, in the order of the signature."""
        defaults = inspect.signature(self.function).parameters
        return tuple(
            Parameter(_key(name), name, hint, defaults[name].default)
            for name, hint in self._inputs()
            if not _is_context(hint)
        )

    def _inputs(self) -> list[tuple[str, object]]:
        return [(name, self.hints[name]) for name in inspect.signature(self.function).parameters]


type Process = BusinessProcess[..., object]


@overload
def business_process[**P, R](function: Callable[P, R], /) -> BusinessProcess[P, R]: ...
@overload
def business_process[**P, R](
    *, restartable: bool = False
) -> Callable[[Callable[P, R]], BusinessProcess[P, R]]: ...
def business_process(
    function: Callable[..., Any] | None = None, /, *, restartable: bool = False
) -> Any:
    """Make a function servable as an endpoint. Raises `BusinessProcessError` at import.

    A `restartable` streaming process is run again if the function that ran it dies:
    `context.answer` says behind which part it has to go on.
    """

    def make(function: Callable[..., Any]) -> BusinessProcess[..., Any]:
        return BusinessProcess(function, restartable=restartable)

    return make if function is None else make(function)


def _is_stream(hint: object) -> bool:
    """Whether an annotation is `Stream[…]`, also as a text."""
    if isinstance(hint, str):
        return hint.partition("[")[0].rpartition(".")[2].strip() == Stream.__name__
    return hint is Stream or get_origin(hint) is Stream


def _check_stream(process: "BusinessProcess[..., Any]") -> None:
    if process.is_stream and not inspect.isgeneratorfunction(inspect.unwrap(process.function)):
        raise BusinessProcessError(process.name, "returns Stream[…] but is no generator function")
    if process.restartable and not process.is_stream:
        raise BusinessProcessError(process.name, "is restartable but does not return Stream[…]")


def _is_context(hint: object) -> bool:
    return hint is Context or Context in get_args(hint)


def _key(name: str) -> str:
    stem = name.removesuffix("_")
    return stem if keyword.iskeyword(stem) else name


def _check(function: Callable[..., object]) -> None:
    name = function.__name__
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise BusinessProcessError(name, "is async; business processes are plain functions")
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}:
            raise BusinessProcessError(name, f"parameter {parameter} cannot be a message's key")
        if parameter.annotation is parameter.empty:
            raise BusinessProcessError(name, f"parameter {parameter.name} has no annotation")
