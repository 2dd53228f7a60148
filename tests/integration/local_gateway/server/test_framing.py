"""Framing alone: bytes may be cut anywhere."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Opcode

from local_gateway.core.websocket.stage import Limits
from local_gateway.server.framing import Binary, Framing, Message, Text
from tests.support.raw_client import frame

LIMITS = Limits(message_bytes=64, frame_bytes=32)


def received(framing: Framing, data: bytes, cuts: list[int]) -> list[Message]:
    """What comes out of `data` that arrives in pieces."""
    places = sorted({0, *(cut % (len(data) + 1) for cut in cuts), len(data)})
    pieces = [data[start:end] for start, end in pairwise(places)]
    return [message for piece in pieces for message in framing.receive(piece)]


def fragments(text: bytes, size: int) -> bytes:
    """A text message in frames of `size` bytes."""
    starts = range(0, max(len(text), 1), size)
    return b"".join(
        frame(
            Opcode.TEXT if start == 0 else Opcode.CONT,
            text[start : start + size],
            fin=start + size >= len(text),
        )
        for start in starts
    )


@given(
    texts=st.lists(st.text(max_size=16), max_size=4),
    size=st.integers(1, 32),
    cuts=st.lists(st.integers(0, 1000), max_size=10),
)
def test_messages_survive_any_fragmentation_and_any_cut(
    texts: list[str], size: int, cuts: list[int]
) -> None:
    framing = Framing(LIMITS)
    data = b"".join(fragments(text.encode(), size) for text in texts)
    assert received(framing, data, cuts) == [Text(text) for text in texts]
    assert framing.is_open


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 1000), max_size=10))
def test_any_bytes_mean_the_same_wherever_they_are_cut(data: bytes, cuts: list[int]) -> None:
    whole, cut = Framing(LIMITS), Framing(LIMITS)
    assert received(whole, data, []) == received(cut, data, cuts)
    assert whole.is_open == cut.is_open
    assert whole.close_seen() == cut.close_seen()


@given(texts=st.lists(st.text(max_size=60), max_size=4))
def test_what_is_sent_is_what_a_client_reads(texts: list[str]) -> None:
    sender = Framing(Limits(message_bytes=10_000, frame_bytes=32))
    for text in texts:
        sender.send_text(text)
    data, closes = sender.outgoing()
    assert not closes
    assert [text.decode() for text in _unmasked_messages(data)] == texts


def test_a_binary_message_is_told_apart() -> None:
    assert received(Framing(LIMITS), frame(Opcode.BINARY, b"\x00"), []) == [Binary()]


def _unmasked_messages(data: bytes) -> list[bytes]:
    messages, current = [], b""
    while data:
        length = data[1]
        current += data[2 : 2 + length]
        if data[0] & 0x80:
            messages.append(current)
            current = b""
        data = data[2 + length :]
    return messages
