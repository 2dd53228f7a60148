"""What the server says by itself, in real browsers: two people, several tabs."""

import secrets
import string
import subprocess
import sys
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.e2e.browser import ChatPage, chromium, show_as
from tests.e2e.gateway_process import ROOT
from tests.e2e.person import Person, unique
from tests.e2e.targets import PASSWORD, Target
from tools.scripts.feed import Publisher


@pytest.fixture(scope="module")
def names(target: Target) -> tuple[str, str]:
    """Two users that no other test knows."""
    ana, ben = unique("ana"), unique("ben")
    target.create_users(ana, ben)
    return ana, ben


@pytest.fixture(scope="module")
def browsers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[webdriver.Chrome, webdriver.Chrome]]:
    """A browser for each of the two."""
    with (
        chromium(tmp_path_factory.mktemp("ana")) as first,
        chromium(tmp_path_factory.mktemp("ben")) as second,
    ):
        yield first, second


@pytest.fixture
def people(
    target: Target, names: tuple[str, str], browsers: tuple[webdriver.Chrome, webdriver.Chrome]
) -> tuple[Person, Person]:
    """Ana and Ben, each logged in on a page freshly loaded."""
    found = []
    for name, browser in zip(names, browsers, strict=True):
        browser.get("about:blank")
        browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        show_as(browser, "light")
        page = ChatPage(browser, target.base_url)
        page.forget_logs()
        page.open()
        page.log_in(name, PASSWORD)
        page.wait_connected()
        found.append(Person(name, page))
    return found[0], found[1]


@pytest.fixture
def publish(target: Target) -> Publisher:
    """Publishes from outside, as a service does."""
    return Publisher(target.publish_url)


def test_chat_shows_who_is_there_and_what_is_said(people: tuple[Person, Person]) -> None:
    (ana, ben), room = people, unique("room")
    ana.enter(room)
    ana.page.say("Hai!")
    ben.enter(room)
    assert ben.said() == ["Hai!"], "what was said before comes with the join"
    ana.page.wait(lambda: f"{ben.name} joined chat:{room}" in ana.remarks(), "news of Ben")
    assert ana.people() == [f"{ana.name} (you)", ben.name]
    ben.page.say("Halo!")
    for person in people:
        person.hears("Hai!", "Halo!")
    assert ana.page.texts(".message.mine:not(.deed) .content") == ["Hai!"]
    assert ana.page.texts(".message.theirs .sender") == [ben.name]
    ben.page.press_button("Leave")
    ana.page.wait(lambda: f"{ben.name} left chat:{room}" in ana.remarks(), "word that Ben left")
    assert ana.people() == [f"{ana.name} (you)"]
    ben.page.wait(lambda: ben.people() == [], "Ben's list to go")
    assert not any(ben.name in it for it in ben.remarks()), "one's own coming and going is no news"


def test_typing_is_seen_by_the_others(people: tuple[Person, Person]) -> None:
    (ana, ben), room = people, unique("room")
    ana.enter(room)
    ben.enter(room)
    ben.page.shown("chat-input").send_keys("Sebentar")
    expected = [f"{ben.name} is typing in {room}…"]
    ana.page.wait(lambda: ana.page.texts(".writers") == expected, "word that Ben types")
    ben.page.press(Keys.ENTER)
    ana.hears("Sebentar")
    ana.page.wait(lambda: ana.page.texts(".writers") == [""], "the word to go with the message")
    assert ben.page.texts(".writers") == [""]


def test_notification_reaches_every_tab_of_the_user(
    people: tuple[Person, Person], publish: Publisher
) -> None:
    ana, ben = people
    driver, word = ana.page.driver, unique("word")
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    second = driver.current_window_handle
    try:
        ana.go("convert")
        publish(f"user:{ana.name}", {"notification": word})
        for tab in (first, second):
            driver.switch_to.window(tab)
            ana.page.wait(lambda: ana.page.texts("[role=status] .toast p") == [word], "a toast")
            assert ana.said() == [word], "and a line in the conversation"
    finally:
        driver.switch_to.window(second)
        driver.close()
        driver.switch_to.window(first)
    ana.page.press_button("×", within=".toast")
    assert ana.page.texts(".toast") == []
    assert ben.said() == []


def test_price_is_drawn_as_the_feed_goes_on(target: Target, people: tuple[Person, Person]) -> None:
    ana, _ = people
    symbol = "".join(secrets.choice(string.ascii_uppercase) for _ in range(8))
    ana.go("exchange")
    ana.page.fill("field-symbols", symbol)
    ana.page.press_button("Subscribe")
    ana.page.wait(lambda: ana.page.texts(".price strong") == [symbol], "the symbol's card")
    command = [sys.executable, "-m", "tools.scripts.feed", "--url", target.publish_url]
    command += ["--symbols", symbol, "--interval", "0", "--count", "6"]
    fed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    prices = [line.split()[1] for line in fed.stdout.splitlines()]
    spark = ana.page.driver.find_element(By.CSS_SELECTOR, ".spark")
    label = f"{symbol}, last 6 prices: from {min(prices, key=float)} to {max(prices, key=float)}"
    ana.page.wait(lambda: spark.get_attribute("aria-label") == label, f"the picture: {label}")
    assert ana.page.texts(".price .last") == [prices[-1]]
    line = ana.page.driver.find_element(By.CSS_SELECTOR, ".spark-line").get_attribute("d") or ""
    assert line.count("L") == len(prices) - 1
    ana.page.press_button("Unsubscribe")
    ana.page.wait(lambda: ana.page.texts(".price") == [], "the card to go")


def test_move_appears_on_the_other_side(people: tuple[Person, Person]) -> None:
    (ana, ben), table = people, unique("t")
    for person in people:
        person.go("game")
        person.join("table", table)
    ana.page.wait(lambda: ana.turn() == "Your turn: you are X.", "Ana's turn")
    assert ben.turn() == f"{ana.name}’s turn; you are O."
    ana.page.driver.find_elements(By.CSS_SELECTOR, ".board button")[4].click()
    ben.page.wait(lambda: ben.turn() == "Your turn: you are O.", "Ben's turn")
    assert ben.cells()[4] == "row 2, column 2: X"
    assert f"{ana.name}: X at row 2, column 2. Your turn: you are O." in ben.remarks()
    # By the keyboard: the middle cell is where Tab leads, then up.
    middle = ben.page.driver.find_elements(By.CSS_SELECTOR, ".board button")[4]
    middle.send_keys(Keys.ARROW_UP)
    ben.page.press(Keys.ENTER)
    ana.page.wait(lambda: ana.cells()[1] == "row 1, column 2: O", "Ben's move on Ana's board")
    assert ana.cells()[4] == "row 2, column 2: X"


def test_each_event_is_shown_once_after_an_absence_and_a_cut(
    people: tuple[Person, Person], publish: Publisher, target: Target
) -> None:
    (ana, ben), room = people, unique("room")
    ana.enter(room)
    ben.enter(room)
    ben.page.say("satu")
    ana.hears("satu")
    ana.go("reply")
    ben.page.say("dua")
    ben.hears("satu", "dua")
    ana.page.open("#chat")
    ana.hears("satu", "dua")
    before = ana.page.opened_sockets()
    target.close_sockets(ana.name)
    target.close_sockets(ben.name)
    publish(f"chat:{room}", {"from": "bot", "text": "tiga"})
    ana.page.wait(lambda: ana.page.opened_sockets() > before, "another socket")
    for person in people:
        person.page.wait_connected()
    ben.page.say("empat")
    for person in people:
        person.hears("satu", "dua", "tiga", "empat")
        assert person.page.texts(".gap") == []


def test_device_is_steered_and_acknowledges(people: tuple[Person, Person]) -> None:
    (ana, ben), device = people, unique("pump")
    for person in people:
        person.go("iot")
        person.join("device", device)
    ben.page.fill("field-value", "21.5")
    ben.page.press_button("Report")
    ana.page.wait(lambda: ana.page.texts(".device .value") == ["21.5"], "the value")
    ana.page.press_button("Command")
    ben.page.press_button("Acknowledge", within=".waiting")
    done = f"{device} has done “open”"
    ana.page.wait(lambda: done in ana.remarks(), "the acknowledgement")
    assert ana.page.texts(".waiting li") == []


def test_post_reaches_followers_and_comes_back_with_a_reaction(
    people: tuple[Person, Person],
) -> None:
    ana, ben = people
    word = unique("word")
    ana.go("social")
    ana.page.fill("field-user", ben.name)
    ana.page.press_button("Follow")
    ana.page.wait(lambda: f"You follow {ben.name}." in ana.remarks(), "to follow Ben")
    ben.go("social")
    ben.page.press_button("Feed")
    ben.page.wait(lambda: "You follow nobody." in ben.remarks(), "Ben's feed")
    ben.page.say(word)
    ana.page.wait(lambda: word in ana.said(), "Ben's post")
    ana.page.press_button("👍", within=".message:last-child .reactions")
    expected = f"👍 by {ana.name}"
    ben.page.wait(
        lambda: expected in " ".join(" ".join(ben.page.texts(".reactions .used")).split()),
        "the reaction at Ben's post",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_never_scrolls_sideways_and_the_console_stays_empty(
    people: tuple[Person, Person], scheme: str
) -> None:
    ana, _ = people
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    ana.page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    show_as(ana.page.driver, scheme)
    for endpoint in ("chat", "exchange", "game", "iot", "social"):
        ana.go(endpoint)
        ana.page.driver.find_element(By.CSS_SELECTOR, ".composer .action").click()
        ana.page.wait(ana.is_done, "word that the action was taken")
        assert ana.page.overflow() <= 0, endpoint
    ana.page.driver.find_element(By.CSS_SELECTOR, ".composer .more").click()
    assert ana.page.shown("whole-action"), "the whole form is there for who wants it"
    assert ana.page.overflow() <= 0
    assert ana.page.complaints() == []
