"""What a business process may ask of a language model, and how that fails."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sapa.errors import LanguageModelError


class ModelFailure(StrEnum):
    """Why an answer of a model does not come, or ends early; the codes that clients get."""

    UNSET = "model_unset"
    UNREACHABLE = "model_unreachable"
    REFUSED = "model_refused"
    BUSY = "model_busy"
    FAILED = "model_failed"
    TIMEOUT = "model_timeout"
    INTERRUPTED = "model_interrupted"
    FILTERED = "model_filtered"
    LENGTH = "model_length"

    def error(self, reason: str) -> LanguageModelError:
        """The error; `reason` is for the log, and holds nothing of questions and answers."""
        return LanguageModelError(self.value, _TEXTS[self], reason)


_TEXTS = {
    ModelFailure.UNSET: (
        "There is no language model: deploy with the parameter AssistantModelId, or on a laptop "
        "give ASSISTANT_URL and ASSISTANT_MODEL_ID by --env-vars, as "
        "docs/how-to/stream-answers.md shows."
    ),
    ModelFailure.UNREACHABLE: "The language model cannot be reached. Try again later.",
    ModelFailure.REFUSED: "The language model refused the request. The log has its error code.",
    ModelFailure.BUSY: "The language model is busy. Try again in a minute.",
    ModelFailure.FAILED: "The language model failed. Try again.",
    ModelFailure.TIMEOUT: "The language model was silent for too long. Try again.",
    ModelFailure.INTERRUPTED: "The connection to the language model was lost. Try again.",
    ModelFailure.FILTERED: "A content filter ended the answer. Ask in another way.",
    ModelFailure.LENGTH: "The answer has reached its greatest length. Ask to go on.",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what the model answered."""

    question: str
    answer: str


class LanguageModel(Protocol):
    """A language model that answers while it thinks of the rest."""

    @property
    def system_prompt(self) -> str:
        """The system prompt of the settings; empty if there is none."""

    def answer(
        self,
        question: str,
        before: Sequence[Turn] = (),
        *,
        instructions: str = "",
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Generator[str]:
        """The answer to a question after the turns `before`, in texts as they come.

        `instructions` is the system prompt.

        Closing the generator closes the connection to the model. `is_wanted` is asked now and
        then, also while no text comes; if not, the generator ends. Raises `LanguageModelError`
        where the answer ends early.
        """
