"""The JSON Schemas of all endpoints, with their shared definitions."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from sapa.messages.inputs import frame_types
from sapa.messages.model_inputs import REF_TEMPLATE, input_model
from sapa.observability import logger
from sapa.processes.business_process import Process
from sapa.processes.endpoints import ENDPOINTS, business_process_of
from sapa.processes.language_model import ModelFailure

type Schema = dict[str, Any]

ERROR_SCHEMA_NAME = "Error"
ERROR_CODES = (
    "invalid_json",
    "not_an_object",
    "invalid_message",
    "process_failed",
    "reply_too_large",
    "refused",
    "rate_limited",
    "invalid_channel",
    "forbidden_channel",
    "too_many_channels",
    "invalid_payload",
    "payload_too_large",
    "invalid_state",
    "state_conflict",
    "too_many_answers",
    "unknown_answer",
    "in_progress",
    "session_ended",
)
# In the last frame of an answer that failed, beside `process_failed` and the like.
END_CODES = ("interrupted", "answer_timeout")
# In a frame that answers no message, before the server closes the socket.
CLOSING_CODES = ("too_many_connections",)
# At the end of answers that need a language model.
MODEL_CODES = tuple(failure.value for failure in ModelFailure)


@dataclass(frozen=True, slots=True)
class EndpointSchemas:
    """The schemas of an endpoint's messages and replies; `output` is `None` without replies.

    If it `streams`, `output` is the schema of what a part of the answer says.
    """

    name: str
    documentation: str
    input: Schema
    output: Schema | None
    streams: bool


def error_schema() -> Schema:
    """The frame that says what is wrong with a message."""
    return {
        "type": "object",
        "properties": {"error": error_details(), "$id": id_schema()},
        "required": ["error"],
    }


def error_details() -> Schema:
    """What is wrong, in words and as a code."""
    details: Schema = {
        "code": {
            "type": "string",
            "enum": [*ERROR_CODES, *END_CODES, *MODEL_CODES, *CLOSING_CODES],
        },
        "message": {"type": "string"},
        "fields": {
            "type": "object",
            "description": "What is wrong, by the name of the input variable or channel.",
            "additionalProperties": {"type": "string"},
        },
        "request_id": {"type": "string", "description": "Leads to the cause in the log."},
        "retry_after_ms": {
            "type": "integer",
            "description": "When the same message may pass, in milliseconds.",
        },
    }
    return {"type": "object", "properties": details, "required": ["code", "message"]}


def id_schema() -> Schema:
    """The `$id` of a message, which comes back on each of its replies."""
    return {
        "description": "Comes back on every reply to the message.",
        "oneOf": [{"type": "string", "maxLength": 64}, {"type": "integer"}],
    }


@dataclass(frozen=True, slots=True)
class Catalog:
    """All endpoints, and the definitions that their schemas refer to by name."""

    endpoints: tuple[EndpointSchemas, ...]
    definitions: Schema


@functools.cache
def registered() -> Catalog:
    """The catalog of the registry, without the endpoints that do not work; the log names those."""
    return catalog_of(dict(usable_processes(ENDPOINTS, business_process_of)))


def usable_processes(
    names: Iterable[str], process_of: Callable[[str], Process]
) -> Iterator[tuple[str, Process]]:
    """The endpoints whose business process can be loaded and described."""
    for name in names:
        try:
            process = process_of(name)
            catalog_of({name: process})
        except Exception as error:
            logger.error("endpoint left out", endpoint=name, exc_info=error)
        else:
            yield name, process


def catalog_of(processes: Mapping[str, Process]) -> Catalog:
    """The schemas of endpoints, generated together so that two types of one name get two names."""
    inputs: list[tuple[tuple[str, int], Any, TypeAdapter[Any]]] = []
    for name, process in processes.items():
        inputs.append(((name, 0), "validation", TypeAdapter(input_model(process))))
        inputs.extend(
            ((name, number), "serialization", TypeAdapter(hint))
            for number, hint in enumerate(frame_types(process), start=1)
            if hint is not str
        )
    schemas, shared = TypeAdapter.json_schemas(inputs, ref_template=REF_TEMPLATE)
    definitions: Schema = shared.get("$defs", {})
    endpoints = tuple(
        EndpointSchemas(
            name=name,
            documentation=process.documentation,
            input=_input(process, schemas[(name, 0), "validation"], definitions),
            output=_output(name, process, schemas),
            streams=process.is_stream,
        )
        for name, process in processes.items()
    )
    return Catalog(endpoints, definitions)


def _input(process: Process, schema: Schema, definitions: Schema) -> Schema:
    """The message's schema itself, not a reference: forms are made from it."""
    reference = schema.get("$ref")
    inlined = definitions.pop(reference.rsplit("/", 1)[-1]) if reference else schema
    return {**inlined, "title": process.name, "description": process.documentation}


def _output(name: str, process: Process, schemas: dict[Any, Schema]) -> Schema | None:
    text: Schema = {
        "type": "object",
        "properties": {"message": {"type": "string"}},
        "required": ["message"],
    }
    if "return" not in process.hints:
        return {"type": "object"}
    frames = [
        text if hint is str else schemas[(name, number), "serialization"]
        for number, hint in enumerate(frame_types(process), start=1)
    ]
    if not frames:
        return None
    return frames[0] if len(frames) == 1 else {"anyOf": frames}
