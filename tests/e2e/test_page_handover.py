"""The page changes sockets before the 2 hours are over: in a real browser, unnoticed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.browser import ChatPage, chromium, show_as
from tests.e2e.channel_bot import Bot
from tests.e2e.person import Person
from tests.e2e.recorded_ends import End, Recording
from tests.e2e.targets import PASSWORD, unique

pytestmark = pytest.mark.local_only

# API Gateway's 2 hours are 50 seconds then, and the 5 minutes before them 2 seconds.
WARP = 144
# So that all that is published fits into the 500 bubbles that the page keeps.
PAUSE_SECONDS = 0.2
RENEWED_AT_MS = 115 * 60_000 / WARP

WATCH_STATE = """
    const label = document.getElementById("state-label");
    const states = [label.textContent];
    window.states = states;
    new MutationObserver(() => states.push(label.textContent))
      .observe(label, { childList: true, characterData: true, subtree: true });
"""
"""Writes down every word that the page says of its connection, however short."""


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bot, Recording]]:
    """A bot whose sockets end soon, and what its gateway writes down of them."""
    path = tmp_path_factory.mktemp("hasty") / "recording.jsonl"
    with Bot.started(f"--warp {WARP} --record {path}") as (found, process):
        page = process.wait_for(r"^\s+Page\s+(\S+)")[1]
        assert page == f"{found.base_url}/?warp={WARP}", "whoever opens the page tells it so"
        # The first handshake of all takes longer than the change may.
        somebody = Bot(found.target)
        somebody.tab(somebody.ana).close()
        yield found, Recording(path, WARP)


@pytest.fixture
def people(hasty: tuple[Bot, Recording], tmp_path: Path) -> Iterator[list[Person]]:
    """Ana and Ben, each in a browser of their own."""
    bot, _ = hasty
    assert bot.tokens, "both exist"
    with chromium(tmp_path / "ana") as first, chromium(tmp_path / "ben") as second:
        found = []
        for name, driver in ((bot.ana, first), (bot.ben, second)):
            show_as(driver, "light")
            page = ChatPage(driver, bot.base_url)
            page.open(f"?warp={WARP}#chat")
            page.log_in(name, PASSWORD)
            page.wait_connected()
            found.append(Person(name, page))
        yield found


def watch(people: list[Person]) -> None:
    """From now on, write down what their pages say of their connections."""
    for person in people:
        person.page.driver.execute_script(WATCH_STATE)


def states(person: Person) -> list[str]:
    """What the page has said of its connection since then."""
    said: list[str] = person.page.driver.execute_script("return window.states")
    return said


def has_shown(person: Person, text: str) -> None:
    """Wait until somebody has said so."""
    person.page.wait(lambda: text in person.said(), text)


def has_changed(person: Person, sockets: int) -> bool:
    """Whether the page has opened so many sockets, and closed all but the last one."""
    return person.page.opened_sockets() >= sockets and person.page.open_sockets() == 1


def ends(person: Person, recording: Recording) -> list[End]:
    """How the page's two former sockets ended, in that order."""
    person.page.wait(lambda: len(recording.ends(person.name)) == 2, "word of two ends")
    return recording.ends(person.name)


def test_every_event_is_shown_once_across_handovers_and_kills(
    hasty: tuple[Bot, Recording], people: list[Person]
) -> None:
    # One socket's life long: Ana's is killed and the next one changed, Ben's the other way round.
    (bot, recording), (ana, ben), room = hasty, people, unique("room")
    channel, published = f"chat:{room}", list[str]()
    for person in people:
        person.join("room", room)

    def publish_until_changed(person: Person, sockets: int) -> None:
        while not has_changed(person, sockets):
            published.append(f"event {len(published)}")
            bot.publish(channel, text=published[-1])
            for each in people:
                has_shown(each, published[-1])
            time.sleep(PAUSE_SECONDS)

    def kill(person: Person, sockets: int) -> None:
        bot.target.close_sockets(person.name)
        publish_until_changed(person, sockets)
        person.page.wait_connected()
        assert states(person) != ["Connected"], "what the server closes is missed"

    watch(people)
    kill(ana, sockets=2)
    watch([ana])
    publish_until_changed(ben, sockets=2)
    assert states(ben) == ["Connected"], "nobody noticed"
    kill(ben, sockets=3)
    publish_until_changed(ana, sockets=3)
    assert states(ana) == ["Connected"], "nobody noticed"
    for person in people:
        person.hears(*published)
        assert person.page.texts(".gap") == []
    doubled = [recording.doubled(person.name, channel) for person in people]
    assert any(doubled), "frames came on both sockets"
    (killed_first, changed), (changed_first, killed) = (ends(one, recording) for one in people)
    assert killed_first.age < RENEWED_AT_MS > killed.age
    handed_over = [changed, changed_first]
    assert all(end.age >= RENEWED_AT_MS for end in handed_over), "no sooner than needed"
    # Where much else is going on, the cut may come before the page has waited for last words.
    by_the_page = [end for end in handed_over if end.age < recording.limits.age_ms]
    assert {(end.code, end.reason) for end in by_the_page} == {(1000, "Connection Closed Normally")}
