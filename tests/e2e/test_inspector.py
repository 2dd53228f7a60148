"""The live traffic page in a real browser, beside a chat of three functions."""

import json
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from websockets.sync.client import ClientConnection

from tests.support.browser import Page, set_color_scheme
from tests.support.client import HTTP
from tests.support.programs import ROOT, GatewayProgram

pytestmark = pytest.mark.local_only

TEMPLATE = ROOT / "tests/templates/chat/template.yaml"


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayProgram]:
    """A gateway that shows the runtime's own log lines, too."""
    with GatewayProgram(TEMPLATE, "--verbose") as gateway:
        ready = gateway.wait_for("^Ready")
        assert gateway.output.index("Live traffic: ") < gateway.output.index(ready[0])
        yield gateway


@pytest.fixture
def page(browser: webdriver.Chrome, gateway: GatewayProgram) -> Iterator[Page]:
    """The page, empty; the console must be as empty in the end."""
    page = Page.opened(browser, gateway.wait_for(r"Live traffic: (\S+/_gateway)")[1])
    page.wait(lambda: page.texts("#state-label") == ["Live"], "the stream")
    page.wait(lambda: not page.texts(".only"), "the connections of other tests to be gone")
    page.shown("clear").click()
    yield page
    assert page.console_errors() == []


@pytest.fixture
def client(gateway: GatewayProgram, page: Page) -> Iterator[ClientConnection]:
    """A client of the chat, which the page shows."""
    with gateway.connect("Prod") as socket:
        page.wait(lambda: len(page.texts(".only")) == 1, "the connection")
        yield socket


def say(client: ClientConnection, text: str) -> None:
    """Send a message and wait until the chat has passed it on."""
    client.send(json.dumps({"action": "sendmessage", "data": text}))
    assert client.recv(timeout=30) == text


def rows(page: Page, kind: str) -> list[str]:
    """What the rows of a kind say."""
    return page.texts(f".row.{kind} .what")


def chosen(page: Page) -> list[int]:
    """The places of the selected rows."""
    found: list[int] = page.driver.execute_script(
        "return Array.from(document.querySelectorAll('.row'),"
        " (row, place) => row.ariaSelected === 'true' ? place : -1).filter((place) => place >= 0)"
    )
    return found


def test_a_conversation_appears_as_it_happens(page: Page, client: ClientConnection) -> None:
    say(client, "Hai!")
    page.wait(lambda: rows(page, "in"), "the message")
    page.wait(lambda: rows(page, "out") == ["Hai!"], "the answer")
    page.wait(lambda: any("101 open" in text for text in rows(page, "connection")), "the opening")
    page.wait(
        lambda: any("sendmessage" in text for text in rows(page, "call")), "the route of the call"
    )
    page.wait(lambda: any("START" in text for text in rows(page, "log")), "the log")
    page.wait(lambda: "POST @connections 200" in rows(page, "management"), "the management call")
    assert json.loads(rows(page, "in")[0]) == {"action": "sendmessage", "data": "Hai!"}
    page.wait(lambda: "↑ 1  ↓ 1" in page.texts(".counts"), "the counts")


def test_the_selected_message_is_shown_as_json(page: Page, client: ClientConnection) -> None:
    say(client, "Hai!")
    page.wait(lambda: rows(page, "in"), "the message")
    page.click(".row.in")
    assert page.shown("detail-title").text == "Message from the client"
    assert page.texts("#detail-body pre") == ['{\n  "action": "sendmessage",\n  "data": "Hai!"\n}']
    page.press(Keys.ESCAPE)
    assert page.focused() == "rows"
    assert not page.driver.find_element(By.ID, "detail").is_displayed()


def test_rows_are_reached_by_keyboard(page: Page, client: ClientConnection) -> None:
    say(client, "Hai!")
    page.wait(lambda: rows(page, "out"), "the answer")
    page.driver.execute_script("document.getElementById('rows').focus()")
    page.press(Keys.HOME)
    page.wait(lambda: chosen(page) == [0], "the first row to be selected")
    page.press(Keys.ARROW_DOWN)
    page.wait(lambda: chosen(page) == [1], "the second row to be selected")
    page.press("/")
    page.wait(lambda: page.focused() == "search", "the search to have the focus")


def test_rows_are_filtered_by_text_kind_and_connection(
    page: Page, client: ClientConnection, gateway: GatewayProgram
) -> None:
    say(client, "Hai!")
    page.wait(lambda: rows(page, "out"), "the answer")
    page.fill("search", "hai!")
    page.wait(lambda: len(page.texts(".row")) == 2, "both frames")
    page.click(".kind.frame")
    page.wait(lambda: page.texts(".row") == [], "no frames")
    page.click(".kind.frame")
    page.fill("search", " ")
    with gateway.connect("Prod") as other:
        page.wait(lambda: len(page.texts(".only")) == 2, "the other connection")
        page.click(".only", 1)
        say(other, "Bai")
        page.wait(lambda: rows(page, "in"), "the other's message")
        assert len(set(page.texts(".row .badge"))) == 1
        page.wait(lambda: any("START" in text for text in rows(page, "log")), "the other's log")
        page.shown("chosen").click()
        page.wait(lambda: len(rows(page, "in")) == 2, "everybody's messages")


def test_a_pause_holds_back_what_comes(page: Page, client: ClientConnection) -> None:
    page.shown("pause").click()
    say(client, "Hai!")
    page.wait(lambda: "waiting" in page.texts("#state-label")[0], "rows to wait")
    assert rows(page, "in") == []
    page.shown("pause").click()
    page.wait(lambda: rows(page, "in"), "the message")
    page.shown("clear").click()
    assert rows(page, "in") == []


def test_the_button_closes_a_connection(page: Page, client: ClientConnection) -> None:
    page.click(".close")
    page.wait(lambda: not page.texts(".only"), "the connection to be gone")
    page.wait(lambda: "DELETE @connections 204" in rows(page, "management"), "the call")
    for _ in client:
        pass
    assert client.close_code == 1000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_whole(page: Page, client: ClientConnection, scheme: str) -> None:
    set_color_scheme(page.driver, scheme)
    page.show_on_phone()
    page.open()
    say(client, "Hai! " * 40)
    page.wait(lambda: rows(page, "in"), "the message")
    assert page.overflow() == 0
    page.driver.find_elements(By.CSS_SELECTOR, ".row.in")[-1].click()
    assert page.shown("detail-title").text == "Message from the client"
    assert page.overflow() == 0


def test_without_it_nothing_is_there() -> None:
    with GatewayProgram(TEMPLATE, "--no-inspector") as gateway:
        [url] = gateway.urls()
        assert "Live traffic" not in gateway.output
        page = url.replace("ws", "http", 1).replace("/Prod", "/_gateway")
        answer = HTTP.request("GET", page)
        assert (answer.status, answer.json()) == (403, {"message": "Forbidden"})
