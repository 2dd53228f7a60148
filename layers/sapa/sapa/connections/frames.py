"""The frames of clients and of errors: JSON objects in text frames.

Keys that start with `$` belong to the protocol: `$id` comes back on every reply, and `$once` lets
a message happen once; `$ping`, `$resume`, `$stop` and `$answers` are answered without a business
process; all others are refused.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sapa.errors import RefusalError, refused_fields, shortened

# The management API takes no more ("Amazon API Gateway quotas": message payload size).
MAX_FRAME_BYTES = 131_072
MAX_ID_LENGTH = 64
MAX_DEPTH = 64
MAX_RESUMED_CHANNELS = 100

# `json.dumps` makes a new one for each call with options.
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

type Content = Mapping[str, Any]
type MessageId = str | int


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life; `value` comes back."""

    value: object


@dataclass(frozen=True, slots=True)
class Resume:
    """A client that reconnected: the last sequence number that it has of each channel."""

    positions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stop:
    """A client that wants no more of an answer."""

    answer_id: str


@dataclass(frozen=True, slots=True)
class ListAnswers:
    """A client that asks which answers its user has."""


@dataclass(frozen=True, slots=True)
class Message:
    """Inputs for a business process, which has not checked them yet.

    The effect of messages with the same key `once` happens once.
    """

    inputs: Content
    once: str | None = None


def decode(text: str) -> Content:
    """Read the JSON object in a client's text frame. Raises `RefusalError`."""
    if not text.strip():
        raise _invalid_json('The message is empty; send JSON, like {"message": "…"}.')
    value = read_json(text)
    if not isinstance(value, dict):
        raise RefusalError("not_an_object", 'A message is a JSON object, like {"message": "Hai"}.')
    return value


def read_json(text: str) -> object:
    """Read JSON that a reply can carry back. Raises `RefusalError`.

    What is published or stored is read with it too: all entrances have the same limits.
    """
    try:
        value: object = _decoder.decode(text)
    except json.JSONDecodeError as error:
        where = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise _invalid_json(f"The message is not JSON: {where}.") from error
    except ValueError as error:  # an integer of thousands of digits
        raise _invalid_json("A number in the message is too long.") from error
    except RecursionError as error:
        raise _invalid_json(_TOO_DEEP) from error
    _check_tree(value)
    return value


def id_of(content: Content) -> MessageId | None:
    """The `$id` of a message. Raises `RefusalError` for one that is not a short text or integer."""
    if "$id" not in content:
        return None
    value = content["$id"]
    if isinstance(value, str) and len(value) <= MAX_ID_LENGTH:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    problem = f"has to be a string of at most {MAX_ID_LENGTH} characters or an integer"
    raise _invalid_message(f"$id {problem}.", {"$id": problem})


type Control = Ping | Resume | Stop | ListAnswers


def parse(content: Content) -> Control | Message:
    """Find out the kind of a message. Raises `RefusalError` for wrong keys that start with $."""
    inputs = {key: item for key, item in content.items() if not key.startswith("$")}
    controls = content.keys() - inputs.keys() - {"$id"}
    if controls <= {"$once"}:
        return Message(inputs, _once(content["$once"]) if controls else None)
    if unknown_keys := controls - _CONTROLS.keys() - {"$once"}:
        raise _invalid_message(
            f"Keys that start with $ are reserved: {', '.join(['$id', '$once', *_CONTROLS])}.",
            refused_fields(unknown_keys, "reserved"),
        )
    control = min(controls - {"$once"})
    if others := inputs.keys() | controls - {control}:
        raise _invalid_message(
            f"A {control} comes alone or with $id.",
            refused_fields(others, f"not expected beside {control}"),
        )
    return _CONTROLS[control](content[control])


def _once(value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH:
        return value
    problem = f"has to be a string of 1 to {MAX_ID_LENGTH} characters"
    raise _invalid_message(f"$once {problem}.", {"$once": problem})


def _resume(value: object) -> Resume:
    return Resume(_positions(value))


def _stop(value: object) -> Stop:
    if isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH:
        return Stop(value)
    problem = "has to be the id of an answer"
    raise _invalid_message(f"$stop {problem}.", {"$stop": problem})


def _list_answers(value: object) -> ListAnswers:
    if value is True:
        return ListAnswers()
    problem = "has to be true"
    raise _invalid_message(f"$answers {problem}.", {"$answers": problem})


_CONTROLS: Mapping[str, Callable[[object], Control]] = {
    "$ping": Ping,
    "$resume": _resume,
    "$stop": _stop,
    "$answers": _list_answers,
}


def _positions(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        raise _invalid_resume("has to be an object: each channel's last sequence number")
    if len(value) > MAX_RESUMED_CHANNELS:
        raise _invalid_resume(f"has more than {MAX_RESUMED_CHANNELS} channels")
    if not all(_is_position(item) for item in value.values()):
        raise _invalid_resume("has to have whole numbers from 0 to 9007199254740991")
    return value


def _is_position(item: object) -> bool:
    return isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 2**53


def render(payload: Content, message_id: MessageId | None = None) -> str:
    """One text frame. Raises `ValueError` and `TypeError` for what JSON or UTF-8 cannot carry."""
    content = dict(payload) if message_id is None else {**payload, "$id": message_id}
    frame = _encode(content)
    frame.encode()
    return frame


def is_too_large(frame: str) -> bool:
    """Whether the management API would refuse the frame."""
    return len(frame.encode()) > MAX_FRAME_BYTES


def _invalid_json(problem: str) -> RefusalError:
    return RefusalError("invalid_json", problem)


def _invalid_message(problem: str, fields: Mapping[str, str]) -> RefusalError:
    return RefusalError("invalid_message", problem, fields)


def _invalid_resume(problem: str) -> RefusalError:
    return _invalid_message(f"$resume {problem}.", {"$resume": problem})


_TOO_DEEP = f"Arrays or objects are nested more than {MAX_DEPTH} deep."


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in content if keys.count(key) > 1)
        raise _invalid_json(f"The key {shortened(twice)} is given twice in an object.")
    return content


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _invalid_json("A number in the message is too large.")
    return number


def _refuse_constant(name: str) -> object:
    raise _invalid_json(f"{name} is not JSON.")


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
        texts = "".join([item for item in level if isinstance(item, str)])
        try:
            texts.encode()
        except UnicodeEncodeError as error:
            raise _invalid_json(
                "The message has half of a surrogate pair, which is no character."
            ) from error
        for item in level:
            if isinstance(item, dict):
                following.extend(item.keys())
                following.extend(item.values())
            elif isinstance(item, list):
                following.extend(item)
        level = following
    raise _invalid_json(_TOO_DEEP)
