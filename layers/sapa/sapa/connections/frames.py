"""What clients send and how errors read: JSON objects in text frames.

Keys that start with `$` are the protocol's: `$id` comes back on every reply, `$ping` and `$resume`
are answered without a business process, all others are refused.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sapa.errors import MessageError

# The management API takes no more ("Amazon API Gateway quotas": message payload size).
MAX_FRAME_BYTES = 131_072
MAX_ID_LENGTH = 64
MAX_DEPTH = 64
MAX_RESUMED_CHANNELS = 100
_MAX_SHOWN_KEYS = 20
_MAX_SHOWN_KEY_LENGTH = 64

# `json.dumps` makes a new one for each call with options.
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

type MessageId = str | int


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life; `value` comes back."""

    value: object
    message_id: MessageId | None


@dataclass(frozen=True, slots=True)
class Resume:
    """A client that comes back: the last sequence number that it has of each channel."""

    positions: Mapping[str, int]
    message_id: MessageId | None


@dataclass(frozen=True, slots=True)
class Message:
    """Inputs for a business process, not checked against it yet."""

    inputs: Mapping[str, object]
    message_id: MessageId | None


def parse(text: str) -> Ping | Resume | Message:
    """Read a client's text frame. Raises `MessageError` for anything else than a message."""
    value = _json(text)
    if not isinstance(value, dict):
        raise MessageError("not_an_object", 'A message is a JSON object, like {"message": "Hai"}.')
    message_id = _message_id(value)
    inputs = {key: item for key, item in value.items() if not key.startswith("$")}
    controls = value.keys() - inputs.keys() - {"$id"}
    strangers = controls - {"$ping", "$resume"}
    if strangers:
        raise MessageError(
            "invalid_message",
            "Keys that start with $ are reserved; known are $id, $ping and $resume.",
            fields=_problems(strangers, "reserved"),
            message_id=message_id,
        )
    if not controls:
        return Message(inputs, message_id)
    control = min(controls)
    others = inputs.keys() | controls - {control}
    if others:
        raise MessageError(
            "invalid_message",
            f"A {control} comes alone or with $id.",
            fields=_problems(others, f"not expected beside {control}"),
            message_id=message_id,
        )
    if control == "$ping":
        return Ping(value["$ping"], message_id)
    return Resume(_positions(value["$resume"], message_id), message_id)


def _positions(value: object, message_id: MessageId | None) -> dict[str, int]:
    problem = ""
    if not isinstance(value, dict):
        problem = "has to be an object: each channel's last sequence number"
    elif len(value) > MAX_RESUMED_CHANNELS:
        problem = f"has more than {MAX_RESUMED_CHANNELS} channels"
    elif not all(_is_position(item) for item in value.values()):
        problem = "has to have whole numbers from 0 to 9007199254740991"
    if problem or not isinstance(value, dict):
        text = f"$resume {problem}."
        raise MessageError(
            "invalid_message", text, fields={"$resume": problem}, message_id=message_id
        )
    return value


def _is_position(item: object) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 2**53


def render(payload: Mapping[str, object], message_id: MessageId | None) -> str:
    """One text frame. Raises `ValueError` and `TypeError` for what JSON or UTF-8 cannot carry."""
    content = dict(payload) if message_id is None else {**payload, "$id": message_id}
    frame = _encode(content)
    frame.encode()
    return frame


def is_too_large(frame: str) -> bool:
    """Whether the management API would refuse the frame."""
    return len(frame.encode()) > MAX_FRAME_BYTES


def error_frame(error: MessageError) -> str:
    """The text frame that tells a client what went wrong."""
    content: dict[str, object] = {"code": error.code, "message": error.message}
    if error.fields is not None:
        content["fields"] = dict(error.fields)
    if error.request_id is not None:
        content["request_id"] = error.request_id
    if error.retry_after_ms is not None:
        content["retry_after_ms"] = error.retry_after_ms
    return render({"error": content}, error.message_id)


def _json(text: str) -> object:
    if not text.strip():
        raise MessageError(
            "invalid_json", 'The message is empty; send JSON, like {"message": "…"}.'
        )
    try:
        value: object = _decoder.decode(text)
    except json.JSONDecodeError as error:
        where = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise MessageError("invalid_json", f"The message is not JSON: {where}.") from error
    except ValueError as error:  # an integer of thousands of digits
        raise MessageError("invalid_json", "A number in the message is too long.") from error
    except RecursionError as error:
        raise MessageError("invalid_json", _TOO_DEEP) from error
    _check_tree(value)
    return value


_TOO_DEEP = f"The message nests arrays or objects more than {MAX_DEPTH} deep."


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in content if keys.count(key) > 1)
        raise MessageError("invalid_json", f"The key {_shown(twice)} is given twice in an object.")
    return content


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MessageError("invalid_json", "A number in the message is too large.")
    return number


def _refuse_constant(name: str) -> object:
    raise MessageError("invalid_json", f"{name} is not JSON.")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_finite_float, parse_constant=_refuse_constant
)


def _check_tree(value: object) -> None:
    """Refuse deep nesting and half surrogate pairs, which no reply could carry back."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return
        following: list[object] = []
        for item in level:
            if isinstance(item, str):
                _check_unicode(item)
            elif isinstance(item, dict):
                following.extend(item.keys())
                following.extend(item.values())
            elif isinstance(item, list):
                following.extend(item)
        level = following
    raise MessageError("invalid_json", _TOO_DEEP)


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MessageError(
            "invalid_json", "The message has half of a surrogate pair, which is no character."
        ) from error


def _message_id(value: Mapping[str, object]) -> MessageId | None:
    if "$id" not in value:
        return None
    message_id = value["$id"]
    if isinstance(message_id, str) and len(message_id) <= MAX_ID_LENGTH:
        return message_id
    if isinstance(message_id, int) and not isinstance(message_id, bool):
        return message_id
    problem = f"has to be a string of at most {MAX_ID_LENGTH} characters or an integer"
    raise MessageError("invalid_message", f"$id {problem}.", fields={"$id": problem})


def _problems(keys: Iterable[str], problem: str) -> dict[str, str]:
    return {_shown(key): problem for key in sorted(keys)[:_MAX_SHOWN_KEYS]}


def _shown(key: str) -> str:
    return key[:_MAX_SHOWN_KEY_LENGTH].encode(errors="replace").decode()
