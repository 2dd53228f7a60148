"""An assistant: a conversation with a language model."""

from contextlib import closing
from typing import Annotated, TypedDict

from pydantic import StringConstraints

from sapa.errors import LanguageModelError
from sapa.observability import logger
from sapa.processes.business_process import Context, Stream, business_process
from sapa.processes.language_model import ModelFailure, Turn

# The parameter AssistantSystemPrompt replaces it.
SYSTEM_PROMPT = "You are a helpful assistant. Answer briefly, in the language of the question."
DAY = 86_400
# What the model is reminded of: each question pays for all of it.
MAX_TURNS = 20
MAX_CHARACTERS = 24_000
MAX_ANSWER_CHARACTERS = 16_000


class Conversation(TypedDict):
    """What was said, the oldest turn first; `id` changes when the user starts over."""

    id: str
    turns: list[tuple[str, str]]


@business_process
def assistant(
    message: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8_000)
    ],
    context: Context,
    start_over: bool = False,
) -> Stream[str]:
    """Talk with a language model; it remembers what was said before.

    The answer arrives while the model thinks of the rest, and goes on while you reload the page.
    Stop it, and the model stops too. `start_over` begins a new conversation; after a day without a
    word it is forgotten.

    An answer is added to the conversation when it ends, as one step together with its question. So
    of two questions at the same time, both are remembered.
    """
    model, running = context.language_model, context.answer
    conversation = _conversation(context, start_over=start_over)
    texts = model.answer(
        message,
        [Turn(*turn) for turn in conversation["turns"]],
        instructions=model.system_prompt or SYSTEM_PROMPT,
        is_wanted=lambda: not running.is_stopping,
    )
    said: list[str] = []
    is_filtered = False
    try:
        with closing(texts):
            for text in texts:
                said.append(text)
                yield text
    except LanguageModelError as error:
        logger.warning("model failed", code=error.code, reason=error.reason)
        is_filtered = error.code == ModelFailure.FILTERED
        raise
    finally:
        # What a filter has ended would end every later answer too.
        if "".join(said).strip() and not is_filtered:
            _remember(context, conversation["id"], (message, "".join(said)))


def _conversation(context: Context, *, start_over: bool) -> Conversation:
    """What was said before; nothing if the user starts over."""
    if start_over:
        new = Conversation(id=context.answer.answer_id, turns=[])
        context.state.put(context.username, new, ttl=DAY)
        return new
    kept: Conversation | None = context.state.get(context.username)
    return kept or Conversation(id="", turns=[])


def _remember(context: Context, conversation_id: str, turn: tuple[str, str]) -> None:
    """Add a turn to its conversation, unless the user has started over meanwhile."""

    def add(before: Conversation | None) -> Conversation:
        kept = before or Conversation(id=conversation_id, turns=[])
        if kept["id"] != conversation_id:
            return kept
        return Conversation(id=conversation_id, turns=_last([*kept["turns"], turn]))

    context.state.update(context.username, add, ttl=DAY)


def _last(turns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The last turns, as many as a question may remind of; the very last in any case."""
    kept: list[tuple[str, str]] = []
    characters = 0
    for question, answer in reversed(turns[-MAX_TURNS:]):
        # Its end: "go on" is about that.
        shown = answer[-MAX_ANSWER_CHARACTERS:]
        characters += len(question) + len(shown)
        if kept and characters > MAX_CHARACTERS:
            break
        kept.insert(0, (question, shown))
    return kept
