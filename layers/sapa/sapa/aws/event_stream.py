"""The format `application/vnd.amazon.eventstream`, in which AWS's services stream their events.

A message has a prelude of 12 bytes (its length, that of its headers, a checksum), its headers, its
payload and a checksum over all before it. Source: Amazon Transcribe developer guide, "Event stream
encoding".
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAX_HEADER_BYTES = 131_072
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_PRELUDE = struct.Struct(">III")
_CHECKSUM = struct.Struct(">I")
_LENGTH = struct.Struct(">H")
_STRING = 7
# The lengths of the values by their type; bytes and strings begin with their length.
_FIXED_LENGTHS = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_COUNTED = {6, _STRING}


class EventStreamError(Exception):
    """The bytes are no event stream, or arrived damaged; no more can be read."""


@dataclass(frozen=True, slots=True)
class EventStreamMessage:
    """A message; `headers` are those whose values are strings."""

    headers: Mapping[str, str]
    payload: bytes


class EventStreamDecoder:
    """Puts messages together from bytes as they arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def is_within_message(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._buffer)

    def messages(self, received: bytes) -> Iterator[EventStreamMessage]:
        """The messages that end within these bytes. Raises `EventStreamError`."""
        self._buffer += received
        while (length := self._length()) is not None and len(self._buffer) >= length:
            message = bytes(self._buffer[:length])
            del self._buffer[:length]
            yield _message(message)

    def _length(self) -> int | None:
        """The length of the first message, once its prelude is there."""
        if len(self._buffer) < _PRELUDE.size:
            return None
        length, headers_length, checksum = _PRELUDE.unpack_from(self._buffer)
        _check(self._buffer[: _PRELUDE.size - _CHECKSUM.size], checksum, "prelude")
        if headers_length > MAX_HEADER_BYTES or length > MAX_MESSAGE_BYTES:
            raise EventStreamError("a message is too large")
        if length < _PRELUDE.size + headers_length + _CHECKSUM.size:
            raise EventStreamError("a message is shorter than its headers")
        return int(length)


def _check(content: bytes | bytearray, checksum: int, what: str) -> None:
    if zlib.crc32(content) != checksum:
        raise EventStreamError(f"the checksum of a {what} is wrong")


def _message(message: bytes) -> EventStreamMessage:
    end = len(message) - _CHECKSUM.size
    _check(message[:end], _CHECKSUM.unpack_from(message, end)[0], "message")
    _, headers_length, _ = _PRELUDE.unpack_from(message)
    headers_end = _PRELUDE.size + headers_length
    try:
        headers = dict(_headers(message[_PRELUDE.size : headers_end]))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise EventStreamError("the headers of a message cannot be read") from error
    return EventStreamMessage(headers, message[headers_end:end])


def _headers(content: bytes) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(content):
        name_end = position + 1 + content[position]
        name = content[position + 1 : name_end].decode()
        kind = content[name_end]
        position = name_end + 1
        if kind in _COUNTED:
            (length,) = _LENGTH.unpack_from(content, position)
            position += _LENGTH.size
        elif kind in _FIXED_LENGTHS:
            length = _FIXED_LENGTHS[kind]
        else:
            raise EventStreamError("a header has an unknown type")
        value = content[position : position + length]
        if len(value) < length:
            raise EventStreamError("a header is longer than the headers")
        if kind == _STRING:
            yield name, value.decode()
        position += length
