"""The assistant: what it asks a model, what it says, and what it remembers."""

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from sapa.errors import LanguageModelError, RefusalError
from sapa.messages.inputs import arguments
from sapa.processes.assistant import (
    DAY,
    MAX_ANSWER_CHARACTERS,
    MAX_CHARACTERS,
    MAX_TURNS,
    SYSTEM_PROMPT,
    assistant,
)
from sapa.processes.business_process import Context, Process, RunningAnswer
from sapa.processes.language_model import ModelFailure, Turn
from sapa.processes.state import MAX_VALUE_BYTES
from tests.unit.sapa.fakes import FakeServices

type Script = Sequence[str | Exception]


@dataclass
class ScriptedModel:
    """A `LanguageModel` that says what is in its script; `asked` has the turns before."""

    script: Script = ()
    system_prompt: str = ""
    asked: list[tuple[list[Turn], str]] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)
    closed: int = 0

    def answer(
        self,
        question: str,
        before: Sequence[Turn] = (),
        *,
        instructions: str = "",
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Generator[str]:
        self.asked.append((list(before), question))
        self.instructions.append(instructions)
        try:
            for each in self.script:
                if isinstance(each, Exception):
                    raise each
                if not is_wanted():
                    return
                yield each
        finally:
            self.closed += 1


@pytest.fixture
def model(services: FakeServices) -> ScriptedModel:
    model = ScriptedModel()
    services.language_model = model
    return model


@dataclass
class User:
    """Asks, each question with an answer of its own."""

    services: FakeServices
    name: str = "ana"
    answers: int = 0
    is_stopping: bool = False

    def begin(self, message: str, *, start_over: bool = False) -> Generator[str]:
        """A question whose answer is pulled step by step."""
        self.answers += 1
        running = RunningAnswer(
            answer_id=f"{self.name}-{self.answers}",
            last_number=0,
            last=None,
            _time_left=lambda: 800.0,
            _is_stopping=lambda: self.is_stopping,
        )
        event = self.services.connect(self.name, endpoint="assistant").event
        context = Context(event, self.services, _answer=running)
        answer = assistant(message, context, start_over=start_over)
        assert isinstance(answer, Generator)
        return answer

    def ask(self, message: str, *, start_over: bool = False) -> str:
        """The whole answer."""
        return "".join(self.begin(message, start_over=start_over))


@pytest.fixture
def ana(services: FakeServices) -> User:
    return User(services)


def test_texts_come_as_the_model_says_them(ana: User, model: ScriptedModel) -> None:
    model.script = ["Ha", "lo", "!"]
    assert list(ana.begin("Hai")) == ["Ha", "lo", "!"]
    assert (model.asked, model.closed) == ([([], "Hai")], 1)


def test_it_remembers_what_was_said(ana: User, model: ScriptedModel) -> None:
    model.script = ["Dua", "."]
    ana.ask("Satu?")
    model.script = ["Empat."]
    ana.ask("Tiga?")
    ana.ask("Lima?")
    assert model.asked[-1] == ([Turn("Satu?", "Dua."), Turn("Tiga?", "Empat.")], "Lima?")


def test_each_user_has_a_conversation_of_their_own(
    services: FakeServices, ana: User, model: ScriptedModel
) -> None:
    model.script = ["Ya."]
    ana.ask("Satu?")
    User(services, "ben").ask("Dua?")
    assert model.asked[-1] == ([], "Dua?")


def test_starting_over_forgets(ana: User, model: ScriptedModel) -> None:
    model.script = ["Ya."]
    ana.ask("Satu?")
    ana.ask("Dua?", start_over=True)
    ana.ask("Tiga?")
    assert [before for before, _ in model.asked] == [[], [], [Turn("Dua?", "Ya.")]]


def test_after_a_day_it_has_forgotten(
    services: FakeServices, ana: User, model: ScriptedModel
) -> None:
    model.script = ["Ya."]
    ana.ask("Satu?")
    services.now += 1000 * (DAY - 1)
    ana.ask("Dua?")
    services.now += 1000 * DAY
    ana.ask("Tiga?")
    assert [len(before) for before, _ in model.asked] == [0, 1, 0]


def test_two_questions_at_once_are_both_remembered(ana: User, model: ScriptedModel) -> None:
    model.script = ["A", "B"]
    first, second = ana.begin("Satu?"), ana.begin("Dua?")
    for answer in (first, second):
        assert next(answer) == "A"
    assert [*second, *first] == ["B", "B"]
    ana.ask("Tiga?")
    assert model.asked[-1][0] == [Turn("Dua?", "AB"), Turn("Satu?", "AB")]


def test_two_answers_that_end_in_the_same_moment_are_both_remembered(
    services: FakeServices, ana: User, model: ScriptedModel
) -> None:
    model.script = ["Ya."]
    services.states.meanwhile = lambda: ana.ask("Dua?")
    ana.ask("Satu?")
    ana.ask("Tiga?")
    assert model.asked[-1][0] == [Turn("Dua?", "Ya."), Turn("Satu?", "Ya.")]


def test_an_answer_of_before_is_not_added_to_the_new_conversation(
    ana: User, model: ScriptedModel
) -> None:
    model.script = ["Ya", "."]
    old = ana.begin("Satu?")
    next(old)
    ana.ask("Dua?", start_over=True)
    list(old)
    ana.ask("Tiga?")
    assert model.asked[-1][0] == [Turn("Dua?", "Ya.")]


def test_the_last_turns_are_remembered(ana: User, model: ScriptedModel) -> None:
    model.script = ["Ya."]
    for number in range(MAX_TURNS + 3):
        ana.ask(f"{number}?")
    before, _ = model.asked[-1]
    assert [turn.question for turn in before] == [f"{n}?" for n in range(2, MAX_TURNS + 2)]


def test_so_many_characters_are_remembered_and_of_a_long_answer_its_end(
    ana: User, model: ScriptedModel
) -> None:
    model.script = ["a" * MAX_CHARACTERS, "b"]
    ana.ask("Satu?")
    ana.ask("Dua?")
    [turn] = model.asked[-1][0]
    assert turn == Turn("Satu?", "a" * (MAX_ANSWER_CHARACTERS - 1) + "b")
    model.script = ["c" * (MAX_CHARACTERS - MAX_ANSWER_CHARACTERS)]
    ana.ask("Tiga?")
    ana.ask("Empat?")
    assert [turn.question for turn in model.asked[-1][0]] == ["Tiga?"]


@pytest.mark.parametrize("character", ["\0", '"', "👋"])
def test_a_conversation_always_fits_into_the_state(
    ana: User, model: ScriptedModel, character: str
) -> None:
    model.script = [character * MAX_CHARACTERS]
    for _ in range(4):
        ana.ask(character * 8_000)
    model.script = [character * 100]
    for _ in range(MAX_TURNS):
        ana.ask(character * 1_000)
    [stored] = ana.services.states.values.values()
    assert len(stored.text.encode()) < MAX_VALUE_BYTES


def test_being_stopped_closes_the_connection_and_keeps_what_was_said(
    ana: User, model: ScriptedModel
) -> None:
    model.script = ["Satu", " dua", " tiga"]
    answer = ana.begin("Hitung!")
    assert [next(answer), next(answer)] == ["Satu", " dua"]
    answer.close()
    assert model.closed == 1
    ana.ask("Lagi!")
    assert model.asked[-1][0] == [Turn("Hitung!", "Satu dua")]


def test_the_model_learns_that_nothing_more_is_wanted(ana: User, model: ScriptedModel) -> None:
    model.script = ["Satu", " dua"]
    answer = ana.begin("Hitung!")
    next(answer)
    ana.is_stopping = True
    assert list(answer) == []


@pytest.mark.parametrize("failure", [ModelFailure.BUSY, ModelFailure.LENGTH])
def test_what_a_model_says_before_it_fails_is_remembered(
    ana: User, model: ScriptedModel, failure: ModelFailure
) -> None:
    model.script = ["Satu", failure.error("x")]
    answer = ana.begin("Hitung!")
    assert next(answer) == "Satu"
    with pytest.raises(LanguageModelError) as failed:
        next(answer)
    assert failed.value.code == failure.value
    model.script = ["dua"]
    ana.ask("Lagi!")
    assert model.asked[-1][0] == [Turn("Hitung!", "Satu")]


def test_what_a_filter_has_ended_is_forgotten(ana: User, model: ScriptedModel) -> None:
    model.script = ["Satu", ModelFailure.FILTERED.error("x")]
    with pytest.raises(LanguageModelError):
        ana.ask("Hitung!")
    model.script = ["Ya."]
    ana.ask("Lagi!")
    assert model.asked[-1] == ([], "Lagi!")


@pytest.mark.parametrize("script", [[], [" \n"], [ModelFailure.UNREACHABLE.error("x")]])
def test_an_answer_of_nothing_is_not_remembered(
    ana: User, model: ScriptedModel, script: Script
) -> None:
    """A model refuses a conversation with an empty turn."""
    model.script = script
    with suppress(LanguageModelError):
        ana.ask("Satu?")
    model.script = ["Ya."]
    ana.ask("Dua?")
    assert model.asked[-1] == ([], "Dua?")


def test_the_system_prompt_of_the_settings_comes_first(ana: User, model: ScriptedModel) -> None:
    ana.ask("Hai")
    model.system_prompt = "Speak like a crocodile."
    ana.ask("Hai")
    assert model.instructions == [SYSTEM_PROMPT, "Speak like a crocodile."]


def test_without_a_model_it_says_how_to_get_one(ana: User) -> None:
    with pytest.raises(LanguageModelError, match=r"^There is no language model: .* shows\.$"):
        ana.ask("Hai")
    assert ana.services.states.values == {}


@pytest.mark.parametrize("inputs", [{"message": " "}, {"message": "x" * 8001}, {"message": 1}, {}])
def test_wrong_questions_are_named(services: FakeServices, inputs: dict[str, object]) -> None:
    process: Process = assistant
    with pytest.raises(RefusalError) as refusal:
        arguments(process, inputs, services.connect("ana").context)
    assert set(refusal.value.fields or ()) == {"message"}


def test_spaces_around_a_question_are_cut_off(services: FakeServices) -> None:
    process: Process = assistant
    keywords = arguments(process, {"message": " Hai \n"}, services.connect("ana").context)
    assert keywords["message"] == "Hai"
