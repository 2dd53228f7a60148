"""The guided dialogue."""

import pytest

from sapa.processes.dialogue import DAY, dialogue
from tests.unit.sapa.fakes import Client, FakeServices

DRINK = "What would you like to drink? (coffee, tea, cocoa)"
SIZE = "How large? (small, medium, large)"
NAME = "Which name shall we call out?"


def said(connection: Client, *messages: str) -> str:
    """The answer to the last of the messages."""
    *_, last = [dialogue(message, connection.context) for message in messages]
    return last


def test_three_questions_and_a_summary(services: FakeServices) -> None:
    ana = services.connect("ana")
    assert said(ana, "hello") == f"Welcome! {DRINK}"
    assert said(ana, " Tea ") == SIZE
    assert said(ana, "large") == NAME
    assert said(ana, "Ana") == "A large tea for Ana: coming up!"


def test_it_goes_on_after_a_reconnect_and_on_another_page(services: FakeServices) -> None:
    ana = services.connect("ana")
    said(ana, "", "tea")
    ana.close()
    services.now += 1000 * (DAY - 1)
    assert said(services.connect("ana"), "") == SIZE
    assert said(services.connect("ana"), "small") == NAME


def test_each_user_has_a_dialogue_of_their_own(services: FakeServices) -> None:
    ana, ben = services.connect("ana"), services.connect("ben")
    said(ana, "", "tea")
    assert said(ben, "small") == f"Welcome! {DRINK}"


def test_what_is_not_on_offer_is_asked_again(services: FakeServices) -> None:
    assert said(services.connect("ana"), "", "beer") == f"We have no 'beer'. {DRINK}"


@pytest.mark.parametrize(
    ("messages", "answer"),
    [
        (("", "tea", "back"), DRINK),
        (("", "back"), DRINK),
        (("", "tea", "small", "Back"), SIZE),
        (("", "tea", "start over"), f"Welcome! {DRINK}"),
        (("", "tea", ""), SIZE),
        (("", "tea", "small", "Ana", ""), f"Welcome! {DRINK}"),
        (("", "tea", "small", "Ana", "tea"), f"Welcome! {DRINK}"),
    ],
)
def test_ways_back(services: FakeServices, messages: tuple[str, ...], answer: str) -> None:
    assert said(services.connect("ana"), *messages) == answer


def test_two_answers_at_once_answer_two_questions(services: FakeServices) -> None:
    ana, phone = services.connect("ana"), services.connect("ana")
    said(ana, "")
    services.states.meanwhile = lambda: said(phone, "tea")
    assert said(ana, "small") == NAME


def test_after_a_day_it_begins_anew(services: FakeServices) -> None:
    ana = services.connect("ana")
    said(ana, "", "tea")
    services.now += 1000 * DAY
    assert said(ana, "") == f"Welcome! {DRINK}"
