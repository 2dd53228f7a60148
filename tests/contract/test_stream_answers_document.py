"""The code of docs/how-to/stream-answers.md runs, and its figures are those of the code."""

import json
import re
from collections.abc import Generator, Iterable
from typing import Any

import pytest

from sapa.answers.writing import RESERVED_SECONDS, SILENCE_MS
from sapa.aws.clients import MODEL_TIMEOUTS
from sapa.connections.frames import MAX_FRAME_BYTES
from sapa.processes.assistant import MAX_CHARACTERS, MAX_TURNS
from sapa.processes.business_process import BusinessProcess, Context, RunningAnswer
from sapa.processes.language_model import ModelFailure
from sapa.stores.language_models import MAX_ANSWER_TOKENS
from tests.contract.transformed_template import PROJECT, resources
from tests.unit.sapa.fakes import FakeServices

TEXT = (PROJECT / "docs/how-to/stream-answers.md").read_text(encoding="utf-8")


def process(name: str) -> BusinessProcess[..., Iterable[Any]]:
    """A business process of the document, which does not sleep here."""
    [code] = [
        block
        for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
        if f"def {name}(" in block
    ]
    names: dict[str, Any] = {}
    exec(code.replace("time.sleep(1)", "time.sleep(0)"), names)  # noqa: S102 - our own document
    made: BusinessProcess[..., Iterable[Any]] = names[name]
    assert made.is_stream
    return made


def context(services: FakeServices, last: dict[str, Any] | None = None) -> Context:
    running = RunningAnswer(
        answer_id="a",
        last_number=0,
        last=last,
        _time_left=lambda: 1.0,
        _is_stopping=lambda: False,
    )
    return Context(services.connect("ana").event, services, _answer=running)


def test_the_first_example_says_what_the_frames_show() -> None:
    frames = [json.loads(frame) for frame in re.findall(r'^< (.*"message".*)$', TEXT, re.MULTILINE)]
    assert list(process("count_down")(2)) == [frame["message"] for frame in frames]


def test_the_restartable_example_goes_on_after_the_last_part() -> None:
    count_on = process("count_on")
    assert count_on.restartable
    services = FakeServices()
    assert list(count_on(2, context(services))) == [{"left": 2}, {"left": 1}, {"left": 0}]
    assert list(count_on(2, context(services, last={"left": 2}))) == [{"left": 1}, {"left": 0}]


def test_the_example_with_a_model_asks_it() -> None:
    class Poet:
        system_prompt = ""

        def answer(self, question: str, before: object = (), **others: Any) -> Generator[str]:
            assert others["is_wanted"]()
            yield question

    services = FakeServices()
    services.language_model = Poet()
    assert list(process("haiku")("kancil", context(services))) == ["Write a haiku about kancil."]


def test_every_failure_of_a_model_is_in_the_table() -> None:
    documented = re.findall(r"^\| `(model_\w+)` \|", TEXT, re.MULTILINE)
    assert sorted(documented) == sorted(ModelFailure)


def test_every_variable_is_one_of_the_function() -> None:
    function = resources("AWS::Lambda::Function")["AnswerFunction"]
    documented = set(re.findall(r"`(ASSISTANT_\w+)`", TEXT))
    variables = function["Environment"]["Variables"]
    assert documented == {name for name in variables if name.startswith("ASSISTANT_")}


@pytest.mark.parametrize(
    ("figure", "sentence"),
    [
        (MAX_FRAME_BYTES, "A part holds at most {} bytes"),
        (MAX_ANSWER_TOKENS, "its greatest length: {} tokens"),
        (MODEL_TIMEOUTS.read, "nothing came for {} seconds"),
        (SILENCE_MS / 1000, "`$working` frames, every {} seconds"),
        (RESERVED_SECONDS, "15 minutes, less {} seconds for its end"),
        (MAX_TURNS, "| {} turns, "),
        (MAX_CHARACTERS, " turns, {} characters |"),
    ],
)
def test_figures_are_those_of_the_code(figure: float, sentence: str) -> None:
    assert sentence.format(f"{figure:,.0f}") in TEXT
