"""The frames that every endpoint has beside its own: errors, pings, channels."""

from sapa.connections.frames import MAX_RESUMED_CHANNELS
from sapa.web.schemas import ERROR_SCHEMA_NAME, Schema, id_schema

# What a client sends, what answers it, and what comes by itself.
CONTROLS = ("ping", "resume")
ANSWERS = ("joined", "error", "pong", "event", "gap", "resumed")
PUSHES = ("event", "presence")

_CHANNEL: Schema = {"type": "string", "description": "The channel's name."}
_SENT_AT: Schema = {"type": "integer", "description": "Milliseconds since 1970, UTC."}
_USERNAME: Schema = {"type": "string"}
_SEQUENCE: Schema = {"type": "integer", "minimum": 0}


def payloads() -> dict[str, Schema]:
    """The payloads of these frames, by name."""
    return {
        "error": {"$ref": f"#/components/schemas/{ERROR_SCHEMA_NAME}"},
        "ping": _object({"$ping": {"description": "Anything."}, "$id": id_schema()}, "$ping"),
        "pong": _object({"$pong": {"description": "Anything."}, "$id": id_schema()}, "$pong"),
        "event": _event(),
        "presence": _presence(),
        "joined": _joined(),
        "resume": _resume(),
        "gap": _gap(),
        "resumed": _resumed(),
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
    properties: Schema = {"$channel": _CHANNEL, "$sequence": sequence, "$sent_at": _SENT_AT}
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
