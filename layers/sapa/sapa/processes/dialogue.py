"""A guided dialogue: a chatbot that remembers your answers."""

from typing import Annotated, TypedDict

from annotated_types import MaxLen, MinLen

from sapa.processes.business_process import Context, business_process

DAY = 86_400

# The questions and the possible answers; an empty tuple allows any answer.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "What would you like to drink?": ("coffee", "tea", "cocoa"),
    "How large?": ("small", "medium", "large"),
    "Which name shall we call out?": (),
}


class Progress(TypedDict):
    """The answers so far, and the last reply."""

    answers: list[str]
    said: str


# The minimum of 0 tells clients that an empty message has a meaning.
@business_process
def dialogue(message: Annotated[str, MinLen(0), MaxLen(100)], context: Context) -> str:
    """Order a drink: three questions, one at a time.

    Send `back` to change the last answer, `start over` to begin again, and an empty message to
    read the question again.

    A function keeps nothing between two messages, so the dialogue is stored in the shared state,
    under a key of the user. You can close the page in the middle and continue on another device:
    the dialogue goes on where it was, for a day. `update` reads, changes and writes it as one
    step; when two pages of a user answer at the same time, the second one answers the next
    question.
    """

    def change(before: Progress | None) -> Progress:
        return _next(before, message.strip())

    progress: Progress = context.state.update(context.username, change, ttl=DAY)
    return progress["said"]


def _next(before: Progress | None, text: str) -> Progress:
    """The rules. They may run more than once for one message, so they only compute."""
    if before is None or len(before["answers"]) == len(QUESTIONS) or text.lower() == "start over":
        return _ask([], "Welcome! ")
    answers = before["answers"]
    if text.lower() == "back":
        return _ask(answers[:-1])
    if not text:
        return before
    choices = list(QUESTIONS.values())[len(answers)]
    if choices and text.lower() not in choices:
        return _ask(answers, f"We have no {text!r}. ")
    return _ask([*answers, text.lower() if choices else text])


def _ask(answers: list[str], introduction: str = "") -> Progress:
    """Ask the next question, or sum up."""
    if len(answers) == len(QUESTIONS):
        drink, size, name = answers
        return Progress(answers=answers, said=f"A {size} {drink} for {name}: coming up!")
    question, choices = list(QUESTIONS.items())[len(answers)]
    offer = f" ({', '.join(choices)})" if choices else ""
    return Progress(answers=answers, said=f"{introduction}{question}{offer}")
