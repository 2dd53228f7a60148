"""Streams of events as AWS and servers like OpenAI's send them, made by hand with checksums."""

import json
import struct
import zlib
from collections.abc import Mapping

_STRING = 7


def encoded(headers: Mapping[str, str], payload: bytes) -> bytes:
    """A message of `application/vnd.amazon.eventstream` whose headers are strings."""
    lines = b"".join(
        bytes([len(name.encode())]) + name.encode() + bytes([_STRING]) + counted(value)
        for name, value in headers.items()
    )
    return sealed(lines, payload)


def counted(text: str) -> bytes:
    """A header's value with its length before it."""
    content = text.encode()
    return struct.pack(">H", len(content)) + content


def sealed(headers: bytes, payload: bytes) -> bytes:
    """A message with encoded headers: prelude, headers, payload, checksums."""
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def event(kind: str, content: object) -> bytes:
    """An event of `ConverseStream`."""
    headers = {
        ":event-type": kind,
        ":content-type": "application/json",
        ":message-type": "event",
    }
    return encoded(headers, json.dumps(content).encode())


def exception(kind: str, message: str = "") -> bytes:
    """An exception in the middle of a stream, as Bedrock's runtime has them."""
    headers = {
        ":exception-type": kind,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return encoded(headers, json.dumps({"message": message}).encode())


def said(*texts: str) -> bytes:
    """The beginning of an answer of a model of Amazon Bedrock."""
    deltas = [
        event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})
        for text in texts
    ]
    return event("messageStart", {"role": "assistant"}) + b"".join(deltas)


def stopped(reason: str) -> bytes:
    """The end of such an answer."""
    usage = {"inputTokens": 12, "outputTokens": 34, "totalTokens": 46}
    return (
        event("contentBlockStop", {"contentBlockIndex": 0})
        + event("messageStop", {"stopReason": reason})
        + event("metadata", {"usage": usage, "metrics": {"latencyMs": 900}})
    )


def chunk(content: object, line_end: str = "\n") -> bytes:
    """An event of a server like OpenAI's."""
    return f"data: {json.dumps(content)}{line_end}{line_end}".encode()


def completed(*texts: str, reason: str | None = None) -> bytes:
    """A stream of chat completions; without a reason it does not end."""
    deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": text}, None) for text in texts]
    if reason is not None:
        deltas.append(({}, reason))
    chunks = [
        chunk({"choices": [{"index": 0, "delta": delta, "finish_reason": end}]})
        for delta, end in deltas
    ]
    return b"".join(chunks) + (b"data: [DONE]\n\n" if reason is not None else b"")


def response(content_type: str, body: bytes, *, pieces: int = 1, is_whole: bool = True) -> bytes:
    """An HTTP response in chunks, cut into pieces of the same size; one that is not whole has no
    end, and its connection stays open.
    """
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    size = max(1, -(-len(body) // pieces))
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = [f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts]
    return head.encode() + b"".join(chunks) + (b"0\r\n\r\n" if is_whole else b"")


def converse_stream(body: bytes, *, pieces: int = 1, is_whole: bool = True) -> bytes:
    """The response of Amazon Bedrock to `ConverseStream`."""
    return response("application/vnd.amazon.eventstream", body, pieces=pieces, is_whole=is_whole)


def chat_completions(body: bytes, *, pieces: int = 1, is_whole: bool = True) -> bytes:
    """The response of a server like OpenAI's."""
    return response("text/event-stream; charset=utf-8", body, pieces=pieces, is_whole=is_whole)
