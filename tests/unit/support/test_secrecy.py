"""The search of a run's logs finds what is planted there, however it is written."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from tests.support.secrecy import LONGEST, Secrets, without_welcome
from tools.scripts import welcome

PASSWORD = 'Aa1- "pässword" 9/8?'
TOKEN = "2f0mTqW9c5yHkX1sVbJ7eRzN8uLdA4oGpI6wCtEhKfM"
SAID = "Apa kabar, dunia? 👋"


@pytest.fixture
def secrets() -> Secrets:
    """A password, a token and a message."""
    secrets = Secrets()
    secrets.password(PASSWORD)
    secrets.cookies(f"{welcome.COOKIE}={TOKEN}; Path=/; Secure; HttpOnly; SameSite=Lax")
    secrets.body(json.dumps({"action": "say", "room": "a-long-name-of-a-room", "text": SAID}))
    return secrets


def in_base64(text: str, before: str = "") -> str:
    return base64.b64encode(f"{before}{text} and more".encode()).decode()


PRINTED: tuple[Callable[[str], str], ...] = (
    str,
    repr,
    json.dumps,
    lambda text: json.dumps(json.dumps({"said": text})),
    lambda text: json.dumps({"line": json.dumps({"said": text}, ensure_ascii=False)}),
    lambda text: str(text.encode()),
    quote,
    quote_plus,
    lambda text: quote(text, safe=""),
    in_base64,
    lambda text: in_base64(text, "a"),
    lambda text: in_base64(text, "ab"),
    lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
)


@pytest.mark.parametrize("written", PRINTED)
@pytest.mark.parametrize(
    ("kind", "text"), [("password", PASSWORD), ("token", TOKEN), ("body", SAID)]
)
def test_what_is_planted_is_found(
    secrets: Secrets, kind: str, text: str, written: Callable[[str], str]
) -> None:
    line = f"INFO before{written(text)}behind"
    [found, *_] = secrets.search(f"INFO all is well\n{line}\nINFO still\n")
    assert found.startswith(kind)
    assert found.endswith(line)


def test_a_secret_in_the_last_line_is_found(secrets: Secrets) -> None:
    assert secrets.search(f"INFO\nlast {TOKEN}")[0].endswith("in: last " + TOKEN)


@pytest.mark.parametrize("written", [json.dumps, str, lambda body: json.dumps(json.dumps(body))])
def test_a_body_is_found_as_a_whole(written: Callable[[object], str]) -> None:
    secrets = Secrets()
    secrets.body('{"sum":12,"paid":true}')
    assert secrets.search(f"got {written({'sum': 12, 'paid': True})}")


def test_a_body_that_a_log_cuts_off_is_found() -> None:
    secrets = Secrets()
    secrets.body("Hai! " * 1000)
    assert secrets.search(("Hai! " * 1000)[: LONGEST + 1] + "…")


def test_the_password_in_the_body_of_a_login_is_one_even_if_it_looks_like_a_name() -> None:
    secrets = Secrets()
    secrets.body('{"username": "somebody-long", "password": "Abcdefgh-1234"}')
    [found] = secrets.search("login of somebody-long\nlogin with Abcdefgh-1234\n")
    assert found.startswith("password")


def test_names_and_what_is_too_short_are_not_searched_for(secrets: Secrets) -> None:
    secrets.body('{"text": "Hai!"}')
    secrets.body("{}")
    assert secrets.search("joined chat:a-long-name-of-a-room\nHai!\n{}\n") == []


@pytest.mark.parametrize("warp", ["1", "60"])
def test_the_welcome_may_be_told_once_and_its_secrets_nowhere_else(warp: str) -> None:
    told = "\n".join(welcome.lines("http://localhost:8080", "Aa1-welcome-only", TOKEN, warp))
    secrets = Secrets()
    rest = without_welcome(f"INFO before\n{told}\nINFO behind", secrets)
    assert rest == "INFO before\nINFO behind"
    [_, *curl_and_wscat] = [line for line in told.splitlines() if "Aa1-" in line or TOKEN in line]
    for line in ("login with Aa1-welcome-only", f"cookie {TOKEN}", *curl_and_wscat):
        secrets = Secrets()
        assert secrets.search(without_welcome(f"{told}\n{line}\n", secrets)), line


def test_without_a_welcome_nothing_is_left_out(secrets: Secrets) -> None:
    assert without_welcome("INFO one\nINFO two", secrets) == "INFO one\nINFO two"
