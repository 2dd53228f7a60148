"""The tale, spoken at a chosen pace."""

from collections.abc import Iterator
from math import inf

import pytest

from sapa.errors import RefusalError
from sapa.messages.inputs import arguments
from sapa.processes.business_process import Process
from sapa.processes.story import Language, paced, story
from tests.unit.sapa.fakes import FakeServices

# Longer than API Gateway waits for a reply.
GATEWAY_SECONDS = 29


@pytest.mark.parametrize(("language", "end"), [("id", "haus. "), ("en", "thirsty. ")])
def test_the_whole_tale_takes_longer_than_a_reply_may(language: str, end: str) -> None:
    spoken = list(story(Language(language), per_second=inf))
    assert spoken[-1] == end
    pauses: list[float] = []
    assert list(paced(iter(spoken), 1 / 4, pause=pauses.append)) == spoken
    assert sum(pauses) > 2 * GATEWAY_SECONDS


def test_there_is_a_pause_before_every_word_but_the_first() -> None:
    heard: list[object] = []
    for text in paced(iter("abc"), 0.25, pause=heard.append):
        heard.append(text)
    assert heard == ["a", 0.25, "b", 0.25, "c"]


def test_nothing_to_tell_takes_no_time() -> None:
    pauses: list[float] = []
    assert list(paced(iter(()), 1, pause=pauses.append)) == []
    assert pauses == []


def test_so_many_words_are_told_and_a_tale_that_is_too_short_begins_again() -> None:
    whole = list(story(per_second=inf))
    assert list(story(words=3, per_second=inf)) == whole[:3] == ["Dahulu ", "kala ", "buaya "]
    longer = list(story(words=len(whole) + 2, per_second=inf))
    assert longer == whole + whole[:2]


def test_a_story_that_is_stopped_pulls_no_more_words() -> None:
    pulled: list[str] = []

    def words() -> Iterator[str]:
        for word in "abc":
            pulled.append(word)
            yield word

    telling = paced(words(), 1, pause=lambda seconds: None)
    next(telling)
    telling.close()
    assert pulled == ["a"]


@pytest.mark.parametrize(
    ("inputs", "wrong"),
    [
        ({"language": "jv"}, "language"),
        ({"words": 0}, "words"),
        ({"words": 2001}, "words"),
        ({"per_second": 0}, "per_second"),
        ({"per_second": 1001}, "per_second"),
    ],
)
def test_wrong_inputs_are_named(inputs: dict[str, object], wrong: str) -> None:
    process: Process = story
    with pytest.raises(RefusalError) as refusal:
        arguments(process, inputs, FakeServices().connect("ana").context)
    assert set(refusal.value.fields or ()) == {wrong}
