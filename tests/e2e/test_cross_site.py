"""A page of another site, in the browser of somebody who is logged in.

It is a page of this machine, too, so that the browser lets it try every server here.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from tests.support.bot import PASSWORD, Bot, User
from tests.support.browser import ChatPage
from tests.support.client import COOKIE, HTTP, ChannelClient, channel_client
from tests.support.programs import descendants

pytestmark = pytest.mark.local_only

OPENS = """
    const [url, done] = arguments;
    const socket = new WebSocket(url);
    socket.onopen = () => done("open");
    socket.onclose = () => done("refused");
"""
FETCHES = """
    const [url, body, options, done] = arguments;
    fetch(url, {method: "POST", credentials: "include", body, ...options})
        .then((answer) => done(answer.type), () => done("refused"));
"""
# A form can spell JSON: its only field's name is all but the end, its value what must not matter.
SUBMITS = """
    const [url, body] = arguments;
    const form = document.createElement("form");
    Object.assign(form, {method: "post", action: url, enctype: "text/plain"});
    const field = document.createElement("input");
    Object.assign(field, {name: body.replace(/}$/, ', "ignored": "'), value: '"}'});
    form.append(field);
    document.body.append(form);
    form.submit();
"""
JSON = {"headers": {"Content-Type": "application/json"}}
# What a page can do with an address: read it, send to it without reading, load it, listen to it.
TRIES = """
    const [url, method, body, done] = arguments;
    const outcome = (answer) => answer.type === "opaque" ? "opaque" : `read ${answer.status}`;
    const attempt = (mode) => fetch(url, {method, mode, ...(method === "GET" ? {} : {body})})
        .then(outcome, () => "refused");
    const loaded = (tag) => new Promise((resolve) => {
        const element = document.createElement(tag);
        element.onload = () => resolve(`loaded ${tag}`);
        element.onerror = () => resolve("refused");
        element.src = url;
        document.body.append(element);
    });
    const heard = () => new Promise((resolve) => {
        const source = new EventSource(url);
        source.onopen = () => resolve("heard");
        source.onerror = () => { source.close(); resolve("refused"); };
    });
    const loads = method === "GET" ? [loaded("script"), loaded("img"), heard()] : [];
    Promise.all([attempt("cors"), attempt("no-cors"), ...loads]).then(done);
"""


class ForeignPage(BaseHTTPRequestHandler):
    """An empty page without a policy of its own."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@pytest.fixture
def foreign_page() -> Iterator[str]:
    """The URL of a page at 127.0.0.1, which is another site than localhost."""
    with ThreadingHTTPServer(("127.0.0.1", 0), ForeignPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Victim:
    """A logged-in user in front of the foreign page."""

    def __init__(self, browser: webdriver.Chrome, bot: Bot) -> None:
        assert "//localhost:" in bot.base_url
        self.bot, self.driver = bot, browser
        self.page = ChatPage.opened(browser, bot.base_url)
        self.page.log_in(bot.username, bot.password)
        self.page.wait_connected()
        self.token = self._token()

    def fetch(self, path: str, body: object, **options: object) -> str:
        """The outcome of a request by the page: the type of its answer, or `refused`."""
        outcome: str = self.driver.execute_async_script(
            FETCHES, self.bot.base_url + path, json.dumps(body), options
        )
        return outcome

    def submit(self, path: str, body: object) -> None:
        """The page sends a form, to whose answer the browser goes."""
        self.driver.execute_script(SUBMITS, self.bot.base_url + path, json.dumps(body))

    def count(self, line: str) -> int:
        """How often the gateway has answered this so far."""
        return self.bot.output.count(f"  {line} ")

    def wait_for_count(self, line: str, times: int) -> None:
        """Wait until the gateway has answered it so often."""
        self.page.wait(lambda: self.count(line) == times, f"{line}, {times} times")

    def assert_logged_in(self) -> None:
        """The same user is in the same session, on a socket that works."""
        self.page.open()
        self.page.wait_connected()
        assert self._token() == self.token
        cookie = {"Cookie": f"{COOKIE}={self.token}"}
        session = HTTP.request("GET", f"{self.bot.base_url}/auth/session", headers=cookie)
        assert session.json()["username"] == self.bot.username
        self.page.say("Hai!")
        self.page.wait_for_answers("Halo!")

    def _token(self) -> object:
        cookie = self.driver.get_cookie(COOKIE)
        assert cookie is not None
        return cookie["value"]


@pytest.fixture
def victim(browser: webdriver.Chrome, bot: Bot, foreign_page: str) -> Victim:
    """A user logged in at localhost, in front of a foreign page."""
    victim = Victim(browser, bot)
    browser.get(foreign_page)
    return victim


@pytest.fixture(scope="module")
def attacker(bot: Bot) -> str:
    """The author of the foreign page has a login of their own."""
    return bot.create_user("attacker")


def test_foreign_page_opens_no_socket(victim: Victim, bot: Bot) -> None:
    assert victim.driver.execute_async_script(OPENS, bot.socket_url) == "refused"
    victim.page.open()
    assert victim.driver.execute_async_script(OPENS, bot.socket_url) == "open"


@pytest.mark.parametrize("by_form", [False, True])
def test_foreign_page_logs_nobody_out(victim: Victim, by_form: bool) -> None:
    refused = "POST /auth/logout 403"
    before = victim.count(refused)
    if by_form:
        victim.submit("/auth/logout", {})
    else:
        assert victim.fetch("/auth/logout", {}, mode="no-cors") in {"opaque", "refused"}
    victim.wait_for_count(refused, before + 1)
    victim.assert_logged_in()


@pytest.mark.parametrize("by_form", [False, True])
def test_foreign_page_logs_nobody_in(victim: Victim, attacker: str, by_form: bool) -> None:
    """A user who talks in the attacker's name would tell them everything."""
    refused = "POST /auth/login 403"
    before, login = victim.count(refused), {"username": attacker, "password": PASSWORD}
    if by_form:
        victim.submit("/auth/login", login)
    else:
        assert victim.fetch("/auth/login", login, mode="no-cors") in {"opaque", "refused"}
    victim.wait_for_count(refused, before + 1)
    victim.assert_logged_in()
    assert f"login granted username={attacker}" not in victim.bot.output


@pytest.mark.parametrize("path", ["/auth/login", "/auth/logout"])
def test_foreign_page_may_not_send_json(victim: Victim, attacker: str, path: str) -> None:
    """The browser asks first, and the answer is no."""
    refused, login = f"OPTIONS {path} 405", {"username": attacker, "password": PASSWORD}
    before = victim.count(refused)
    assert victim.fetch(path, login, **JSON) == "refused"
    victim.wait_for_count(refused, before + 1)
    victim.assert_logged_in()
    assert f"login granted username={attacker}" not in victim.bot.output


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that a program of this machine may send, and a foreign page must not."""

    method: str
    url: str
    body: str = ""


PUBLISHED = {"channel": "user:{username}", "payload": {"text": "from a foreign page"}}
# A signature in the query is all that a page can send without asking first.
PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=local%2F20260101%2Fus-east-1%2F"
    "execute-api%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&"
    "X-Amz-Expires=300&X-Amz-Signature=00"
)


def attempts(server: str, bot: Bot, connection_id: str) -> list[Attempt]:
    """What a page would try at one of the servers."""
    base, aws = bot.base_url, str(bot.stack.endpoint_url)
    connection = f"{base}/ws/@connections/{connection_id}?{PRESIGNED}"
    match server:
        case "page":
            body = json.dumps(PUBLISHED).replace("{username}", bot.username)
            return [Attempt("POST", f"{base}/publish?{PRESIGNED}", body)]
        case "inspector":
            paths = ("", "/stack", "/events", "/static/app.js")
            reads = [Attempt("GET", f"{base}/_gateway{path}") for path in paths]
            return [*reads, Attempt("DELETE", f"{base}/_gateway/connections/{connection_id}")]
        case "AWS services":
            queue = bot.stack.resource("FanOutQueue")
            send = f"Action=SendMessage&QueueUrl={queue}&MessageBody=foreign"
            return [
                Attempt("GET", f"{aws}/moto-api/data.json"),
                Attempt("GET", f"{aws}/?Action=ListQueues"),
                Attempt("GET", f"{queue}?{send}"),
                Attempt("POST", queue, send),
                Attempt("POST", f"{aws}/moto-api/reset"),
                Attempt("PUT", f"{aws}/bucket-of-a-page"),
            ]
        case "Runtime API":
            runtime = f"http://{runtime_api_address(bot)}/2018-06-01/runtime"
            return [
                Attempt("GET", f"{runtime}/invocation/next"),
                Attempt("POST", f"{runtime}/invocation/x/response", "{}"),
                Attempt("POST", f"{runtime}/init/error", "{}"),
            ]
    return [
        Attempt("GET", connection),
        Attempt("POST", connection, "from a foreign page"),
        Attempt("DELETE", connection),
    ]


def runtime_api_address(bot: Bot) -> str:
    """Host and port of an execution environment's Runtime API."""
    assert bot.program is not None
    for pid in descendants(bot.program.pid):
        variables = Path(f"/proc/{pid}/environ").read_bytes().decode()
        if match := re.search("AWS_LAMBDA_RUNTIME_API=([0-9.:]+)", variables):
            return match[1]
    raise AssertionError("no execution environment runs")


@contextmanager
def open_connection(bot: Bot, user: User) -> Iterator[tuple[ChannelClient, str]]:
    """A user's only socket, and its connection id."""
    with channel_client(f"{bot.socket_url}?endpoint=chat", user.token) as client:
        client.ask(**{"$ping": 1})
        [item] = [each for each in bot.items("Connections") if each["username"]["S"] == user.name]
        yield client, item["connection_id"]["S"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize(
    "server", ["page", "inspector", "AWS services", "Runtime API", "management API"]
)
def test_foreign_page_gets_nothing_and_changes_nothing(
    victim: Victim, bot: Bot, ana: User, server: str, host: str
) -> None:
    """At the page's own host the page has another port, which is another origin."""
    with open_connection(bot, ana) as (client, connection_id):
        statuses(victim.driver)
        for attempt in attempts(server, bot, connection_id):
            url = re.sub("//[^:/]+", f"//{host}", attempt.url)
            outcomes = victim.driver.execute_async_script(TRIES, url, attempt.method, attempt.body)
            assert set(outcomes) <= {"refused", "opaque"}, (attempt, outcomes)
        assert statuses(victim.driver) <= {403, 405}
        assert client.ask(**{"$ping": 2}) == {"$pong": 2}, "the socket is open, and got nothing"
    victim.assert_logged_in()
    assert "from a foreign page" not in "".join(victim.page.texts("main"))


def statuses(driver: webdriver.Chrome) -> set[int]:
    """The statuses that the browser got since the last look, also those that no page may see."""
    entries: list[dict[str, Any]] = driver.get_log("performance")  # type: ignore[no-untyped-call]
    events = [json.loads(entry["message"])["message"] for entry in entries]
    return {
        event["params"]["statusCode"]
        for event in events
        if event["method"] == "Network.responseReceivedExtraInfo"
    }


def test_programs_may_do_what_foreign_pages_may_not(bot: Bot, ana: User) -> None:
    """Else the refusals would prove nothing."""
    with open_connection(bot, ana) as (_, connection_id):
        for server in ("page", "inspector", "AWS services", "management API"):
            first = attempts(server, bot, connection_id)[0]
            answer = HTTP.request(first.method, first.url, body=first.body or None)
            assert answer.status < 300, (server, answer.status)
