"""What makes a function a business process."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from sapa.errors import BusinessProcessError
from sapa.processes.business_process import Context, Stream, business_process
from tests.unit.sapa.fakes import FakeServices


def test_it_stays_a_function() -> None:
    @business_process
    def shout(message: str, times: int = 1) -> str:
        """Say it louder.

        And again.
        """
        return message.upper() * times

    assert shout("a", times=2) == "AA"
    assert shout.name == "shout"
    assert shout.documentation == "Say it louder.\n\nAnd again."
    assert str(inspect.signature(shout)) == "(message: str, times: int = 1) -> str"


def test_context_is_no_input() -> None:
    @business_process
    def greet(who: Context, message: str = "Hai") -> str:
        return f"{message} {who.username}"

    assert greet.context_name == "who"
    assert [parameter.key for parameter in greet.parameters] == ["message"]
    assert greet(FakeServices().connect("demo").context) == "Hai demo"


def test_optional_context_is_one_too() -> None:
    @business_process
    def greet(context: Context | None = None) -> str:
        return "Hai" if context is None else context.username

    assert greet.context_name == "context"
    assert greet.parameters == ()


def test_trailing_underscore_frees_python_keywords() -> None:
    @business_process
    def move(from_: str, to_: str, class_: str = "a") -> None:
        """Move."""

    keys = {parameter.name: parameter.key for parameter in move.parameters}
    assert keys == {"from_": "from", "to_": "to_", "class_": "class"}
    assert [parameter.required for parameter in move.parameters] == [True, True, False]


def no_annotation(message) -> None:  # type: ignore[no-untyped-def]
    """A parameter without type."""


def positional(message: str, /) -> None:
    """A parameter without usable name."""


def several(*messages: str) -> None:
    """Any number of parameters."""


def anything(**messages: str) -> None:
    """Any keys."""


async def later(message: str) -> None:
    """Not now."""


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (no_annotation, "parameter message has no annotation"),
        (positional, "cannot be a message's key"),
        (several, "cannot be a message's key"),
        (anything, "cannot be a message's key"),
        (later, "is async"),
    ],
)
def test_unusable_function_is_refused(function: Callable[..., Any], problem: str) -> None:
    with pytest.raises(BusinessProcessError, match=problem) as refused:
        business_process(function)
    assert refused.value.name == function.__name__


def test_unknown_annotation_is_named() -> None:
    @business_process
    def broken(message: "Missing") -> None:  # type: ignore[name-defined]  # noqa: F821
        """A type that does not exist."""

    with pytest.raises(BusinessProcessError, match="Missing"):
        _ = broken.parameters


def test_history_has_a_limit() -> None:
    context = FakeServices().connect("ana").context
    for limit in (0, 1_001):
        with pytest.raises(ValueError, match="1 to 1000"):
            context.history("chat:lobby", limit)


def test_joined_channels_are_collected_until_they_are_left() -> None:
    services = FakeServices()
    context = services.connect("ana").context
    services.publisher.publish("chat:lobby", {}, publisher="ben")
    assert context.join("chat:lobby")
    assert not context.join("chat:lobby")
    assert context.joined == {"chat:lobby": 1}
    assert context.leave("chat:lobby")
    assert context.joined == {}


def test_publisher_can_leave_itself_out() -> None:
    client = FakeServices().connect("ana")
    for channel, to_self in (("user:ana", True), ("user:ana", False)):
        client.context.publish(channel, {"to_self": to_self}, to_self=to_self)
    assert client.payloads("user:ana") == [{"to_self": True}]


def test_state_is_the_endpoints() -> None:
    services = FakeServices()
    game = services.connect("ana", endpoint="game").context
    game.state.put("k", 1)
    assert services.connect("ben", endpoint="game").context.state.get("k") == 1
    assert services.connect("ben", endpoint="chat").context.state.get("k") is None


def test_a_generator_that_streams_says_so() -> None:
    @business_process
    def plain(message: str) -> str:
        return message

    @business_process(restartable=True)
    def stream(message: str) -> Stream[str]:
        yield message

    @business_process
    def annotated_as_text(message: str) -> "Stream[dict[str, int]]":
        yield {"length": len(message)}

    streams = [process.is_stream for process in (plain, stream, annotated_as_text)]
    assert streams == [False, True, True]
    assert [process.restartable for process in (plain, stream)] == [False, True]
    assert list(stream("Hai!")) == ["Hai!"]


def test_a_stream_that_is_no_generator_is_refused() -> None:
    def whole(message: str) -> Stream[str]:
        return iter([message])

    with pytest.raises(BusinessProcessError, match="no generator"):
        business_process(whole)


def test_only_a_stream_is_restartable() -> None:
    def whole(message: str) -> str:
        return message

    with pytest.raises(BusinessProcessError, match="restartable"):
        business_process(restartable=True)(whole)
