"""From a text to the frames that answer it."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from sapa.connections.frames import MAX_FRAME_BYTES
from sapa.errors import (
    ChannelNameError,
    ForbiddenChannelError,
    PayloadError,
    PayloadTooLargeError,
    RefusalError,
    RefusedError,
    StateConflictError,
    StateValueError,
    TooManyAnswersError,
    TooManyChannelsError,
    UnknownAnswerError,
    UnknownEndpointError,
)
from sapa.messages.replies import MAX_FRAMES, Reply, answer, post
from sapa.processes.business_process import Context, Process, business_process
from sapa.processes.endpoints import ENDPOINTS
from sapa.processes.language_model import ModelFailure
from sapa.web.schemas import ERROR_CODES, MODEL_CODES
from tests.unit.sapa.fakes import Client, FakeServices


def client(endpoint: str = "reply", **environment: str) -> Client:
    """A connection in a new environment."""
    services = FakeServices(tick=0, **environment)
    return services.connect("demo", "c", endpoint=endpoint)


def reply_to(text: str, sender: Client) -> Reply:
    """What the sender's endpoint answers."""
    return answer(text, sender.event, sender.services)


def asked(process: Process, text: str = '{"$id": 1}', sender: Client | None = None) -> Reply:
    """What a process answers."""
    sender = sender or client()
    return answer(text, sender.event, sender.services, lambda _: process)


def made(result: Callable[[], object]) -> Process:
    """A process without inputs."""

    @business_process
    def process() -> object:
        """Made."""
        return result()

    return process


def frames(reply: Reply) -> list[Any]:
    """The frames as JSON."""
    return [json.loads(frame) for frame in reply.frames]


def error(reply: Reply) -> dict[str, Any]:
    """The error in the only frame."""
    [frame] = frames(reply)
    return dict(frame["error"])


class Model(BaseModel):
    """A model with an alias."""

    n: int = Field(serialization_alias="number")


@dataclass
class Row:
    """A dataclass."""

    n: int


@pytest.mark.parametrize(
    ("result", "payloads"),
    [
        (None, []),
        ("", [{"message": ""}]),
        ("Halo!", [{"message": "Halo!"}]),
        ({}, [{}]),
        ({"n": 1, "ok": None}, [{"n": 1, "ok": None}]),
        (MappingProxyType({"n": Decimal("1.5")}), [{"n": "1.5"}]),
        ({1: "a"}, [{"1": "a"}]),
        (Model(n=1), [{"number": 1}]),
        (Row(1), [{"n": 1}]),
        (iter(()), []),
        (iter(["a", None, {"n": 1}, Model(n=2)]), [{"message": "a"}, {"n": 1}, {"number": 2}]),
    ],
)
def test_results_become_frames_with_the_id(result: object, payloads: list[dict[str, Any]]) -> None:
    reply = asked(made(lambda: result))
    assert frames(reply) == [{**payload, "$id": 1} for payload in payloads]
    assert (reply.outcome, reply.failure) == ("ok", None)


def loop() -> dict[str, object]:
    """A mapping that holds itself."""
    mapping: dict[str, object] = {}
    mapping["self"] = mapping
    return mapping


def half_way() -> Iterator[object]:
    """Fails after a frame."""
    yield "first"
    raise ValueError("rahasia")


def endless_depth() -> object:
    """Recurses."""
    return endless_depth()


@pytest.mark.parametrize(
    "result",
    [
        lambda: 3,
        lambda: True,
        lambda: ["a"],
        lambda: b"a",
        lambda: Row,
        lambda: {"n": float("nan")},
        lambda: {"n": float("inf")},
        lambda: {"n": object()},
        lambda: {"n": "\ud800"},
        lambda: "\ud800",
        lambda: {"$id": 3},
        lambda: {"$channel": "x"},
        loop,
        half_way,
        endless_depth,
        lambda: iter(["a", 3]),
        lambda: 1 / 0,
        lambda: sys.exit("bye"),
    ],
)
def test_what_cannot_be_sent_is_one_error_frame(result: Callable[[], object]) -> None:
    reply = asked(made(result))
    failed = error(reply)
    assert (failed["code"], failed["request_id"]) == ("process_failed", "r-1")
    assert frames(reply)[0]["$id"] == 1
    assert reply.failure is not None
    assert reply.failure.__traceback__ is not None
    assert "rahasia" not in reply.frames[0]


def test_models_of_other_shape_are_unsupported() -> None:
    from pydantic import RootModel

    assert error(asked(made(lambda: RootModel[list[int]]([1]))))["code"] == "process_failed"


@pytest.mark.parametrize(
    "result",
    [
        lambda: "x" * MAX_FRAME_BYTES,
        lambda: {"n": "é" * (MAX_FRAME_BYTES // 2)},
        lambda: iter(["a", "x" * MAX_FRAME_BYTES, "b"]),
        lambda: iter(lambda: "again", None),
    ],
)
def test_too_large_a_reply_is_not_sent_in_part(result: Callable[[], object]) -> None:
    reply = asked(made(result))
    assert error(reply)["code"] == "reply_too_large"
    assert reply.failure is None


def test_largest_reply_fits_exactly() -> None:
    room = MAX_FRAME_BYTES - len('{"message": "", "$id": 1}')
    [frame] = asked(made(lambda: "x" * room)).frames
    assert len(frame.encode()) == MAX_FRAME_BYTES
    assert error(asked(made(lambda: "x" * (room + 1))))["code"] == "reply_too_large"
    assert len(asked(made(lambda: iter(["a"] * MAX_FRAMES))).frames) == MAX_FRAMES


def test_id_comes_back_on_errors_unless_it_is_the_error() -> None:
    process = made(lambda: None)
    assert frames(asked(process, '{"$id": "a", "x": 1}'))[0]["$id"] == "a"
    assert frames(asked(process, '{"$id": "a", "$x": 1}'))[0]["$id"] == "a"
    for text in ('{"$id": []}', "[]", "x", json.dumps({"$id": "x" * 65})):
        assert set(frames(asked(process, text))[0]) == {"error"}


def test_ping_runs_nothing() -> None:
    process = made(lambda: pytest.fail("ran"))
    reply = asked(process, '{"$ping": [1], "$id": 2}')
    assert frames(reply) == [{"$pong": [1], "$id": 2}]
    assert reply.outcome == "pong"
    swollen = '{"$ping": [' + ",".join(["1e22"] * 26_000) + "]}"
    assert len(swollen) < MAX_FRAME_BYTES + 5
    assert error(asked(process, swollen))["code"] == "reply_too_large"


def test_context_reaches_the_process() -> None:
    @business_process
    def whoami(who: Context) -> Mapping[str, object]:
        """Who asks."""
        return {"username": who.username, "at": who.received_at}

    assert frames(asked(whoami, "{}")) == [{"username": "demo", "at": 1_700_000_000_000}]


def test_validation_inside_a_process_is_its_failure() -> None:
    reply = asked(made(lambda: Model.model_validate({"n": "x"})))
    assert error(reply)["code"] == "process_failed"


def test_unknown_endpoint_is_a_failure() -> None:
    reply = reply_to('{"message": "Hai!"}', client("nothing"))
    assert error(reply)["code"] == "process_failed"
    assert isinstance(reply.failure, UnknownEndpointError)


@given(st.text() | st.binary().map(lambda raw: raw.decode(errors="surrogatepass" and "replace")))
def test_any_text_gets_frames(text: str) -> None:
    for endpoint in ENDPOINTS:
        reply = frames(reply_to(text, client(endpoint)))
        assert reply
        assert all(isinstance(frame, dict) for frame in reply)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["message", "$id", "$ping", "$x", "value", "unit", "é"]) | st.text(),
        VALUES,
        max_size=4,
    )
)
def test_any_object_gets_frames_that_utf8_can_carry(message: dict[str, object]) -> None:
    reply = reply_to(json.dumps(message), client())
    assert reply.frames
    assert all(isinstance(json.loads(frame.encode()), dict) for frame in reply.frames)


def test_what_was_joined_is_told_before_the_reply_and_without_its_id() -> None:
    @business_process
    def enter(context: Context) -> str:
        """Joins."""
        context.join("a")
        context.join("bb")
        context.join("left")
        context.leave("left")
        return "Halo!"

    assert frames(asked(enter, sender=client(MAX_CHANNELS_PER_CONNECTION="1000"))) == [
        {"$joined": {"a": 0, "bb": 0}},
        {"message": "Halo!", "$id": 1},
    ]


def test_what_was_joined_is_told_although_the_process_fails() -> None:
    @business_process
    def enter(context: Context) -> str:
        """Joins and fails."""
        context.join("a")
        raise ValueError

    joined, failed = frames(asked(enter, sender=client(MAX_CHANNELS_PER_CONNECTION="1000")))
    assert joined == {"$joined": {"a": 0}}
    assert failed["error"]["code"] == "process_failed"


def test_many_joins_are_told_in_frames_that_can_be_posted() -> None:
    names = [f"{number:0128}" for number in range(1_000)]

    @business_process
    def enter(context: Context) -> None:
        """Joins."""
        for name in names:
            context.join(name)

    reply = asked(enter, sender=client(MAX_CHANNELS_PER_CONNECTION="1000"))
    assert all(len(frame.encode()) <= MAX_FRAME_BYTES for frame in reply.frames)
    assert [name for frame in frames(reply) for name in frame["$joined"]] == names


def test_refusal_is_told_in_the_words_of_the_process() -> None:
    def refuse() -> Iterator[str]:
        yield "first"
        raise RefusedError("It is ana's turn.", {"cell": "not yours"})

    reply = asked(made(refuse))
    refusal = {"code": "refused", "message": "It is ana's turn.", "fields": {"cell": "not yours"}}
    assert frames(reply) == [{"error": refusal, "$id": 1}]
    assert (reply.outcome, reply.failure) == ("refused", None)


REFUSALS = [
    (ChannelNameError(" "), "invalid_channel"),
    (TooManyChannelsError("c", 50), "too_many_channels"),
    (ForbiddenChannelError("user:ana"), "forbidden_channel"),
    (PayloadError("no"), "invalid_payload"),
    (PayloadTooLargeError(9, 8), "payload_too_large"),
    (StateValueError("k", "no"), "invalid_state"),
    (StateConflictError("k", 8), "state_conflict"),
    (TooManyAnswersError(5), "too_many_answers"),
    (UnknownAnswerError(), "unknown_answer"),
    (ModelFailure.BUSY.error("ThrottlingException"), "model_busy"),
]


@pytest.mark.parametrize(("refusal", "code"), REFUSALS)
def test_refusals_of_the_context_have_their_own_codes(refusal: RefusalError, code: str) -> None:
    def refuse() -> str:
        raise refusal

    reply = asked(made(refuse))
    assert error(reply) == {"code": code, "message": str(refusal)}
    assert (frames(reply)[0]["$id"], reply.outcome, reply.failure) == (1, code, None)


def test_every_refusal_of_the_context_is_tested() -> None:
    def kinds(kind: type[RefusalError]) -> set[type[RefusalError]]:
        return {kind}.union(*(kinds(below) for below in kind.__subclasses__()))

    tested = {type(refusal) for refusal, _ in REFUSALS}
    assert tested == kinds(RefusalError) - {RefusalError, RefusedError}
    assert {code for _, code in REFUSALS} <= {*ERROR_CODES, *MODEL_CODES}


@pytest.mark.parametrize("text", ['{"$ping": 1}', '{"$id": 1}', '{"$resume": {}}'])
def test_messages_that_come_too_fast_are_refused_with_a_time(text: str) -> None:
    sender = client(MESSAGES_PER_SECOND_PER_CONNECTION="1")
    process = made(lambda: None)
    sender.services.rate_limits = replace(sender.services.rate_limits, clock=lambda: 5.0)
    assert asked(process, text, sender).outcome != "rate_limited"
    reply = asked(process, text, sender)
    assert (error(reply)["code"], error(reply)["retry_after_ms"]) == ("rate_limited", 1_000)


def test_resume_runs_no_process() -> None:
    process = made(lambda: pytest.fail("ran"))
    reply = asked(process, '{"$resume": {"user:demo": 0}, "$id": 3}')
    assert frames(reply) == [{"$resumed": {"user:demo": 0}, "$members": {}, "$id": 3}]
    assert reply.outcome == "resumed"


def test_frames_are_posted_in_order() -> None:
    services = client().services
    assert post(Reply(("1", "2"), "ok"), "c", services)
    assert services.recording_sender.posted == [("c", "1"), ("c", "2")]


def test_gone_connection_is_removed() -> None:
    sender = client()
    sender.services.recording_sender.gone.add("c")
    assert not post(Reply(("1", "2"), "ok"), "c", sender.services)
    assert sender.channels == set()


def test_nothing_to_post_is_fine() -> None:
    services = client().services
    services.recording_sender.gone.add("c")
    assert post(Reply((), "ok"), "c", services)


@pytest.mark.parametrize("text", ['{"message": "Hai!"}', '{"$ping": 1}', '{"$resume": {}}', "{"])
def test_message_after_the_end_of_the_login_is_refused_and_closes_the_socket(text: str) -> None:
    sender = client()
    services = sender.services
    end = sender.event.request_time // 1000
    sender.event = replace(sender.event, session_expires_at=end + 1)
    assert reply_to(text, sender).outcome != "session_ended"
    sender.event = replace(sender.event, session_expires_at=end)
    reply = reply_to(text, sender)
    assert (error(reply)["code"], reply.closes) == ("session_ended", True)
    assert post(reply, "c", services)
    assert services.recording_sender.posted == [("c", reply.frames[0])]
    assert services.recording_sender.closed == ["c"]


def test_socket_that_is_gone_at_the_end_of_its_login_is_removed() -> None:
    sender = client()
    sender.services.recording_sender.gone.add("c")
    ended = replace(sender.event, session_expires_at=0)
    assert not post(answer("{}", ended, sender.services), "c", sender.services)
    assert sender.services.connection_store.connections == {}
