"""The documented frames are those that are sent and taken."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sapa.answers.answer import AnswerPart, AnswerStatus
from sapa.answers.asking import INTERRUPTED, end_part
from sapa.connections.frames import ListAnswers, Ping, Resume, Stop, decode, id_of, parse
from sapa.errors import RefusalError
from sapa.web.frame_schemas import CONTROLS, payloads
from sapa.web.schemas import (
    CLOSING_CODES,
    END_CODES,
    ERROR_CODES,
    ERROR_SCHEMA_NAME,
    MODEL_CODES,
    error_schema,
)
from tests.unit.sapa.channels.test_resume import LOBBY, was_in_lobby
from tests.unit.sapa.fakes import FakeServices

ARCHITECTURE = Path(__file__).parents[4] / "docs/architecture.md"


def fits(frame: object) -> set[str]:
    """The names of the documented frames that this could be."""
    components = {"components": {"schemas": {ERROR_SCHEMA_NAME: error_schema()}}}
    schemas = {name: {**schema, **components} for name, schema in payloads().items()}
    return {
        name for name, schema in schemas.items() if Draft202012Validator(schema).is_valid(frame)
    }


def test_schemas_are_schemas() -> None:
    for schema in payloads().values():
        Draft202012Validator.check_schema(schema)


def test_answer_to_a_resume_is_as_documented() -> None:
    services = was_in_lobby()
    services.join("c2", "typing:lobby")
    services.publish("…", channel="typing:lobby", kept=False)
    frames = services.resume({LOBBY: 0, "secret": 1, "typing:lobby": 0})
    kinds = [fits(frame) for frame in frames]
    assert kinds == [{"gap"}, {"event"}, {"event"}, {"error"}, {"resumed"}]


def test_events_and_presence_are_as_documented() -> None:
    services = FakeServices()
    publisher = services.publisher
    publisher.publish(LOBBY, {"text": "Hai!"}, publisher="ana")
    publisher.announce(LOBBY, "joined", "ana")
    publisher.announce(LOBBY, "left", "ana")
    frames = [json.loads(task.frame()) for task in services.queue.tasks]
    assert [fits(frame) for frame in frames] == [{"event"}, {"presence"}, {"presence"}]


@pytest.mark.parametrize(
    "message",
    [
        {"$resume": {}},
        {"$resume": {"a": 0, "b": 41}, "$id": 1},
        {"$resume": {"a": -1}},
        {"$resume": {"a": "1"}},
        {"$resume": []},
        {"$resume": {}, "text": "Hai!"},
        {"$resume": dict.fromkeys(map(str, range(101)), 1)},
        {"$ping": None},
        {"$ping": {"a": [1]}, "$id": "x"},
        {"$stop": "a", "$id": 1},
        {"$stop": ""},
        {"$stop": "a" * 65},
        {"$stop": 1},
        {"$stop": "a", "text": "Hai!"},
        {"$answers": True},
        {"$answers": False},
        {"$answers": True, "$ping": 1},
    ],
)
def test_what_the_schema_allows_is_taken(message: dict[str, Any]) -> None:
    try:
        content = decode(json.dumps(message))
        id_of(content)
        taken = isinstance(parse(content), Ping | Resume | Stop | ListAnswers)
    except RefusalError:
        taken = False
    assert taken == bool(fits(message) & set(CONTROLS))


def test_parts_and_the_end_of_an_answer_are_as_documented() -> None:
    parts = [
        AnswerPart(number=1, sent_at=1, content={"message": "Hai!"}),
        end_part(2, 2, AnswerStatus.DONE),
        end_part(2, 2, AnswerStatus.FAILED, INTERRUPTED),
    ]
    kinds = [fits(part.frame("a")) - {"error"} for part in parts]
    assert kinds == [{"part"}, {"end"}, {"end"}]
    assert fits({"$channel": "answer:a", "$working": True}) == {"working"}


def test_every_code_is_documented() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    codes = (*ERROR_CODES, *END_CODES, *MODEL_CODES, *CLOSING_CODES)
    assert [code for code in codes if f"`{code}`" not in text] == []
