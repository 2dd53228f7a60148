"""The frames that every endpoint has beside its own: errors, pings, channels, answers."""

from sapa.answers.answer import AnswerStatus
from sapa.connections.frames import MAX_ID_LENGTH, MAX_RESUMED_CHANNELS
from sapa.web.schemas import ERROR_SCHEMA_NAME, Schema, error_details, id_schema

# What a client sends, what answers it, and what comes by itself.
CONTROLS = ("ping", "resume", "stop", "answers_request")
ANSWERS = (
    *("joined", "error", "pong", "event", "gap", "resumed"),
    *("part", "end", "stopping", "answers"),
)
PUSHES = ("event", "presence", "part", "end", "working")

_ANSWER_ID: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH}
_ANSWER_CHANNEL: Schema = {
    "type": "string",
    "pattern": "^answer:",
    "description": "`answer:ID`, the channel of an answer.",
}
_CHANNEL: Schema = {"type": "string", "description": "The channel's name."}
_SENT_AT: Schema = {"type": "integer", "description": "Milliseconds since 1970, UTC."}
_USERNAME: Schema = {"type": "string"}
_SEQUENCE: Schema = {"type": "integer", "minimum": 0}


def payloads() -> dict[str, Schema]:
    """The payloads of these frames, by name."""
    return {
        "error": {"$ref": f"#/components/schemas/{ERROR_SCHEMA_NAME}"},
        "ping": {
            **_object({"$ping": {"description": "Anything."}, "$id": id_schema()}, "$ping"),
            "additionalProperties": False,
        },
        "pong": _object({"$pong": {"description": "Anything."}, "$id": id_schema()}, "$pong"),
        "event": _event(),
        "presence": _presence(),
        "joined": _joined(),
        "resume": _resume(),
        "gap": _gap(),
        "resumed": _resumed(),
        "part": part(),
        "end": _end(),
        "working": _working(),
        "stop": _stop(),
        "stopping": _object({"$stopping": _ANSWER_ID, "$id": id_schema()}, "$stopping"),
        "answers_request": _answers_request(),
        "answers": _answers(),
    }


def accepted() -> Schema:
    """The frame with which a streaming process accepts a message."""
    properties = {"$answer": _ANSWER_ID, "$channel": _ANSWER_CHANNEL, "$id": id_schema()}
    return {
        **_object(properties, "$answer", "$channel"),
        "description": "The message is accepted and cannot be lost; its answer has this id.",
    }


def part(content: Schema | None = None) -> Schema:
    """A part of an answer; `content` is the schema of what it says."""
    envelope = {
        **_object(_part_numbers(), *_part_numbers()),
        "not": {"required": ["$end"]},
        "description": "A part of an answer, numbered from 1 without holes.",
    }
    return envelope if content is None else {"allOf": [envelope, content]}


def once_schema() -> Schema:
    """The `$once` of a message whose effect happens once."""
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_ID_LENGTH,
        "description": "The effect of messages with the same key happens once in 24 hours. "
        "A repetition gets the same frames.",
    }


def _part_numbers() -> Schema:
    number = {"type": "integer", "minimum": 1, "description": "Grows by one in each answer."}
    return {"$channel": _ANSWER_CHANNEL, "$sequence": number, "$sent_at": _SENT_AT}


def _end() -> Schema:
    ends = [status.value for status in AnswerStatus if status is not AnswerStatus.RUNNING]
    properties = {
        **_part_numbers(),
        "$end": {"type": "string", "enum": ends},
        "error": {**error_details(), "description": "Why it failed."},
    }
    return {
        **_object(properties, *_part_numbers(), "$end"),
        "description": "The last part of an answer.",
    }


def _working() -> Schema:
    properties: Schema = {"$channel": _ANSWER_CHANNEL, "$working": {"const": True}}
    return {
        **_object(properties, *properties),
        "description": "Comes every 20 s while a process runs and says nothing.",
    }


def _stop() -> Schema:
    return {
        **_object({"$stop": _ANSWER_ID, "$id": id_schema()}, "$stop"),
        "additionalProperties": False,
        "description": "Stops an answer of the user, wherever it was asked for.",
    }


def _answers_request() -> Schema:
    return {
        **_object({"$answers": {"const": True}, "$id": id_schema()}, "$answers"),
        "additionalProperties": False,
        "description": "Asks for the user's answers.",
    }


def _answers() -> Schema:
    properties: Schema = {
        "id": _ANSWER_ID,
        "endpoint": {"type": "string"},
        "started_at": _SENT_AT,
        "status": {"type": "string", "enum": [status.value for status in AnswerStatus]},
        "last": {**_SEQUENCE, "description": "The number of the last part so far."},
    }
    answers = {"type": "array", "items": _object(properties, *properties)}
    return {
        **_object({"$answers": answers, "$id": id_schema()}, "$answers"),
        "description": "The answers that run or are still kept, the oldest first.",
    }


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _by_channel(item: Schema, description: str) -> Schema:
    return {"type": "object", "description": description, "additionalProperties": item}


def _event() -> Schema:
    sequence = {
        "type": "integer",
        "minimum": 1,
        "description": "Grows by one in each channel; the same number is the same event.",
    }
    channel = {**_CHANNEL, "not": {"pattern": _ANSWER_CHANNEL["pattern"]}}
    properties: Schema = {"$channel": channel, "$sequence": sequence, "$sent_at": _SENT_AT}
    return {
        **_object(properties, *properties),
        "description": "Published in a channel; the payload's keys stand beside these.",
    }


def _presence() -> Schema:
    presence = {
        "type": "object",
        "properties": {"joined": _USERNAME, "left": _USERNAME},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    properties: Schema = {"$channel": _CHANNEL, "$sent_at": _SENT_AT, "$presence": presence}
    return {
        **_object(properties, *properties),
        "description": "A user joined with the first connection, or left with the last one.",
    }


def _joined() -> Schema:
    positions = _by_channel(_SEQUENCE, "The last number of each channel; later events come.")
    return {
        **_object({"$joined": positions}, "$joined"),
        "additionalProperties": False,
        "description": "Comes before the reply of a business process that joined channels.",
    }


def _resume() -> Schema:
    positions = {
        **_by_channel(_SEQUENCE, "The last sequence number that the client has of each channel."),
        "maxProperties": MAX_RESUMED_CHANNELS,
    }
    return {
        **_object({"$resume": positions, "$id": id_schema()}, "$resume"),
        "additionalProperties": False,
        "description": "Asks for what was missed in channels that this login has been in.",
    }


def _gap() -> Schema:
    lost = _object({"from": _SEQUENCE, "to": _SEQUENCE}, "from", "to")
    return {
        **_object({"$gap": _by_channel(lost, "The numbers of what is not kept.")}, "$gap"),
        "description": "Comes before what was missed: this part of it is lost.",
    }


def _resumed() -> Schema:
    member = _object({"username": _USERNAME, "since": _SENT_AT}, "username", "since")
    properties: Schema = {
        "$resumed": _by_channel(_SEQUENCE, "The number that each channel is at."),
        "$members": _by_channel({"type": "array", "items": member}, "Who is in them."),
        "$more": _by_channel(
            _SEQUENCE, "The last numbers of channels of which only a part was sent: ask again."
        ),
        "$id": id_schema(),
    }
    return {
        **_object(properties, "$resumed", "$members"),
        "description": "Comes after all that was missed.",
    }
