"""Our decoder of event streams, against botocore's and against damage."""

import struct
import uuid
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from sapa.aws.event_stream import (
    MAX_HEADER_BYTES,
    MAX_MESSAGE_BYTES,
    EventStreamDecoder,
    EventStreamError,
    EventStreamMessage,
)
from tests.support.event_streams import counted, encoded, event, said, sealed, stopped

HELLO = encoded({":message-type": "event", ":event-type": "hello"}, b'{"a": 1}')


def decoded(*pieces: bytes) -> list[EventStreamMessage]:
    """The messages of a stream that arrives in these pieces, and is whole."""
    decoder = EventStreamDecoder()
    messages = [message for piece in pieces for message in decoder.messages(piece)]
    assert not decoder.is_within_message
    return messages


MESSAGES = st.tuples(
    st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=50), max_size=5),
    st.binary(max_size=300),
)


@given(st.lists(MESSAGES, max_size=4), st.lists(st.integers(0, 2_000), max_size=8))
def test_a_stream_cut_anywhere_is_read_as_botocore_reads_it(
    messages: Sequence[tuple[dict[str, str], bytes]], cuts: list[int]
) -> None:
    stream = b"".join(encoded(headers, payload) for headers, payload in messages)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places)]
    buffer: Any = EventStreamBuffer()
    buffer.add_data(stream)
    expected = [EventStreamMessage(each.headers, each.payload) for each in buffer]
    assert decoded(*pieces) == expected
    assert expected == [EventStreamMessage(headers, payload) for headers, payload in messages]


def test_a_stream_of_bedrock_is_read_byte_by_byte() -> None:
    stream = said("Halo", " 👋") + stopped("end_turn")
    kinds = [each.headers[":event-type"] for each in decoded(*(bytes([byte]) for byte in stream))]
    assert kinds == [
        "messageStart",
        "contentBlockDelta",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]


def named(name: str, kind: int, value: bytes) -> bytes:
    return bytes([len(name)]) + name.encode() + bytes([kind]) + value


def test_headers_that_are_no_strings_are_passed_over() -> None:
    headers = b"".join(
        [
            named("true", 0, b""),
            named("false", 1, b""),
            named("byte", 2, b"\x01"),
            named("short", 3, struct.pack(">h", 2)),
            named("integer", 4, struct.pack(">i", 3)),
            named("long", 5, struct.pack(">q", 4)),
            named("bytes", 6, struct.pack(">H", 2) + b"ab"),
            named("text", 7, counted("x")),
            named("time", 8, struct.pack(">q", 5)),
            named("uuid", 9, uuid.UUID(int=6).bytes),
            named("last", 7, counted("y")),
        ]
    )
    [message] = decoded(sealed(headers, b"z"))
    assert message == EventStreamMessage({"text": "x", "last": "y"}, b"z")


@pytest.mark.parametrize("position", range(len(HELLO)))
def test_any_damaged_byte_is_noticed(position: int) -> None:
    damaged = bytearray(HELLO)
    damaged[position] ^= 0x40
    decoder = EventStreamDecoder()
    with pytest.raises(EventStreamError, match="checksum"):
        list(decoder.messages(bytes(damaged)))


@pytest.mark.parametrize("length", range(1, len(HELLO)))
def test_a_message_that_is_cut_off_gives_nothing_and_shows(length: int) -> None:
    decoder = EventStreamDecoder()
    assert list(decoder.messages(HELLO[:length])) == []
    assert decoder.is_within_message
    [message] = decoder.messages(HELLO[length:])
    assert message.payload == b'{"a": 1}'


def prelude(length: int, headers_length: int) -> bytes:
    lengths = struct.pack(">II", length, headers_length)
    return lengths + struct.pack(">I", zlib.crc32(lengths))


@pytest.mark.parametrize(
    ("start", "problem"),
    [
        (prelude(MAX_MESSAGE_BYTES + 1, 0), "too large"),
        (prelude(2**32 - 1, 0), "too large"),
        (prelude(MAX_MESSAGE_BYTES, MAX_HEADER_BYTES + 1), "too large"),
        (prelude(0, 0), "shorter"),
        (prelude(15, 0), "shorter"),
        (prelude(20, 5), "shorter"),
    ],
)
def test_a_length_that_cannot_be_is_refused_before_it_is_waited_for(
    start: bytes, problem: str
) -> None:
    with pytest.raises(EventStreamError, match=problem):
        list(EventStreamDecoder().messages(start))


@pytest.mark.parametrize(
    "headers",
    [
        b"\x05ab",
        b"\x01a",
        b"\x01a\x07",
        b"\x01a\x07\x00\x05ab",
        b"\x01a\x05\x00",
        b"\x01a\x0a",
        b"\x01\xff\x00",
        b"\x01a\x07\x00\x01\xff",
    ],
)
def test_headers_that_cannot_be_read_are_an_error(headers: bytes) -> None:
    with pytest.raises(EventStreamError):
        decoded(sealed(headers, b""))


def test_what_is_no_event_stream_is_an_error() -> None:
    with pytest.raises(EventStreamError):
        list(EventStreamDecoder().messages(b"HTTP/1.1 200 OK\r\n\r\n"))


def test_messages_before_the_damage_are_read() -> None:
    decoder = EventStreamDecoder()
    messages = decoder.messages(event("a", {}) + event("b", {})[:-1] + b"?")
    assert next(messages).headers[":event-type"] == "a"
    with pytest.raises(EventStreamError, match="checksum of a message"):
        next(messages)
