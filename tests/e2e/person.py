"""Somebody in front of a browser, and what the page tells them of channels."""

import secrets
from dataclasses import dataclass

from selenium.webdriver.common.by import By

from tests.e2e.browser import ChatPage


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in front of a browser of their own."""

    name: str
    page: ChatPage

    def go(self, endpoint: str) -> None:
        """Open an endpoint and wait for its connection."""
        self.page.open(f"#{endpoint}")
        self.page.wait_connected()

    def enter(self, room: str) -> None:
        """Join a chat room and wait to be in the list of those who are there."""
        self.go("chat")
        self.join("room", room)
        self.page.wait(lambda: f"{self.name} (you)" in self.people(), "one's own name in the list")

    def join(self, field: str, name: str) -> None:
        """Join what the field names, on the endpoint that is open."""
        self.page.fill(f"field-{field}", name)
        self.page.press_button("Join")
        self.page.wait(self.is_done, f"to be let into {name}")

    def is_done(self) -> bool:
        """Whether the last action was accepted."""
        return "✓" in "".join(self.page.texts(".deed .meta")[-1:])

    def people(self) -> list[str]:
        """Who is there, as the list beside the conversation says."""
        return self.page.texts(".people .name")

    def said(self) -> list[str]:
        """What was said in channels, by whomever, in the order shown."""
        return self.page.texts(".message:not(.deed):not(.bot) .content")

    def remarks(self) -> list[str]:
        """The quiet lines, without their times."""
        return self.page.texts(".remark > span")

    def hears(self, *said: str) -> None:
        """Wait until exactly this was said."""
        self.page.wait(lambda: self.said() == list(said), f"the conversation to be {said}")

    def cells(self) -> list[str]:
        """The board's cells, as a screen reader reads them."""
        cells = self.page.driver.find_elements(By.CSS_SELECTOR, ".board button")
        return [cell.get_attribute("aria-label") or "" for cell in cells]

    def turn(self) -> str:
        """What stands above the board."""
        return "".join(self.page.texts(".turn"))


def unique(name: str) -> str:
    """A name that no other run has used."""
    return f"{name}-{secrets.token_hex(3)}"
