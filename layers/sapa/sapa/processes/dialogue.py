"""A guided dialogue: a chatbot that remembers where you are."""

from typing import Annotated, TypedDict

from annotated_types import MaxLen

from sapa.processes.business_process import Context, business_process

DAY = 86_400

# What is asked, and what may be answered; nothing there: anything.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "What would you like to drink?": ("coffee", "tea", "cocoa"),
    "How large?": ("small", "medium", "large"),
    "Which name shall we call out?": (),
}


class Progress(TypedDict):
    """The answers so far, and what was said last."""

    answers: list[str]
    said: str


@business_process
def dialogue(message: Annotated[str, MaxLen(100)], context: Context) -> str:
    """Order a drink: three questions, one at a time.

    Say `back` to change the last answer, `start over` to begin again, and nothing at all to hear
    the question once more.

    A function forgets everything between two messages, so the dialogue lives in the shared state,
    under a key of the user. Close the page in the middle, come back tomorrow or from a phone: it
    goes on where it was. `update` reads, changes and writes it as one step; when two pages of a
    user answer at once, one of them goes first and the other answers the next question.
    """

    def change(kept: Progress | None) -> Progress:
        return _next(kept, message.strip())

    progress: Progress = context.state.update(context.username, change, ttl=DAY)
    return progress["said"]


def _next(kept: Progress | None, heard: str) -> Progress:
    """The rules. They may run more than once for one message, so they only compute."""
    if kept is None or len(kept["answers"]) == len(QUESTIONS) or heard.lower() == "start over":
        return _asking([], "Welcome! ")
    answers = kept["answers"]
    if heard.lower() == "back":
        return _asking(answers[:-1])
    if not heard:
        return kept
    choices = list(QUESTIONS.values())[len(answers)]
    if choices and heard.lower() not in choices:
        return _asking(answers, f"We have no {heard!r}. ")
    return _asking([*answers, heard.lower() if choices else heard])


def _asking(answers: list[str], before: str = "") -> Progress:
    """Ask what is not known yet, or sum up."""
    if len(answers) == len(QUESTIONS):
        drink, size, name = answers
        return Progress(answers=answers, said=f"A {size} {drink} for {name}: coming up!")
    question, choices = list(QUESTIONS.items())[len(answers)]
    offer = f" ({', '.join(choices)})" if choices else ""
    return Progress(answers=answers, said=f"{before}{question}{offer}")
