"""What the functions log while people talk, and that the saved queries find it."""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.contract.transformed_template import resources, searched_log_groups
from tests.support.bot import Bot, local_bot
from tests.support.client import COOKIE, ask, handshake_status, log_in, open_socket, post_json
from tests.support.programs import Program

pytestmark = pytest.mark.local_only

QUERIES = resources("AWS::Logs::QueryDefinition")

MESSAGES: tuple[dict[str, object], ...] = (
    {"action": "join", "room": "logs"},
    {"action": "say", "room": "logs", "text": "Hai"},
    {"nonsense": 1},
)

# What Logs Insights adds by itself; `@initDuration` it finds in Lambda's REPORT lines.
BUILT_IN = {"@timestamp", "@log", "@message", "@type", "@initDuration"}
# As far as the saved queries use the language.
WORDS = {
    *("fields", "filter", "stats", "sort", "limit", "by", "as", "asc", "desc", "and", "or"),
    *("count", "pct", "max", "coalesce", "ispresent"),
}


@dataclass(frozen=True)
class Day:
    """The log lines of a run by log group, `function` added, and the connections in it."""

    lines: dict[str, list[dict[str, Any]]]
    connection_id: str

    @property
    def all(self) -> list[dict[str, Any]]:
        return [line for lines in self.lines.values() for line in lines]


@pytest.fixture(scope="module")
def day() -> Day:
    """Somebody logs in, is refused, talks, chats, is told something from outside and leaves."""
    with local_bot("--json") as bot:
        assert bot.program is not None
        _talk(bot, bot.program)
        bot.program.wait_for(_logged("logged out"))
        bot.program.stop()
        return _day(bot.program.output)


def _talk(bot: Bot, program: Program) -> None:
    post_json(f"{bot.base_url}/auth/login", {"username": "demo", "password": "wrong"})
    token = log_in(bot.base_url, "demo", bot.password)
    cookie = {"Cookie": f"{COOKIE}={token}"}
    assert handshake_status(f"{bot.socket_url}?endpoint=nothing", cookie) == 404
    assert handshake_status(bot.socket_url, {"Cookie": f"{COOKIE}={token[::-1]}"}) == 403
    assert handshake_status(bot.socket_url, {"Cookie": "another=1"}) == 401
    with open_socket(f"{bot.socket_url}?endpoint=chat", token) as socket:
        ask(socket, {"$ping": 1})
        for number, message in enumerate(MESSAGES):
            socket.send(json.dumps({**message, "$id": number}))
            _heard(socket, f'"$id": {number}')
        assert bot.publish("user:demo", text="from outside")
        _heard(socket, "from outside")
    connection_id = program.wait_for(_logged("connected"))[1]
    program.wait_for(_logged("disconnected", connection_id))
    program.wait_for(r'\\"dispatched\\".*\\"chat:logs\\",\\"sequence\\"')
    post_json(f"{bot.base_url}/auth/logout", {}, **cookie)


def _heard(socket: ClientConnection, text: str) -> None:
    """Read frames up to the one with this text."""
    while text not in str(socket.recv(timeout=30)):
        pass


def _logged(message: str, connection_id: str = r"[\w=-]*") -> str:
    """What a log line with this message looks like inside a line of JSON; group 1 is the id."""
    return rf'\\"message\\":\\"{message}\\"(?:.*\\"connection_id\\":\\"({connection_id})\\")?'


def _day(output: str) -> Day:
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for printed in map(json.loads, filter(lambda one: one.startswith("{"), output.splitlines())):
        if printed["type"] == "log" and printed["line"].startswith("{"):
            line = json.loads(printed["line"])
            if "level" in line:
                group = printed["function"].removesuffix("Function") + "LogGroup"
                lines[group].append({**line, "function": printed["function"]})
    [connected] = [one for one in lines["ConnectLogGroup"] if one["message"] == "connected"]
    return Day(lines, connected["connection_id"])


def access_log_fields(log_group: str) -> set[str]:
    """What the template has API Gateway write into an access log: no laptop writes one."""
    formats = [
        settings["Format"]
        for stage in resources("AWS::ApiGatewayV2::Stage").values()
        if (settings := stage["AccessLogSettings"])["DestinationArn"]["Fn::GetAtt"][0] == log_group
    ]
    return {key for text in formats for key in json.loads(text)}


def fields_of(query: str) -> set[str]:
    """The fields that a query reads; what it names itself, with `as`, is none."""
    text = re.sub(r'"[^"]*"', "", query)
    own = set(re.findall(r"\bas (\w+)", text))
    return set(re.findall(r"@?\b[A-Za-z_]\w*", text)) - WORDS - own


def test_a_query_is_taken_apart_into_its_fields() -> None:
    query = 'fields coalesce(a, b_c) as d\n| filter e = "f g" and @type != "-"\n| sort d desc'
    assert fields_of(query) == {"a", "b_c", "e", "@type"}


@pytest.mark.parametrize("name", QUERIES)
def test_every_field_of_a_saved_query_is_in_the_logs_that_it_searches(name: str, day: Day) -> None:
    groups = searched_log_groups(QUERIES[name])
    written = {field for group in groups for line in day.lines[group] for field in line}
    for group in groups:
        written |= access_log_fields(group)
    missing = fields_of(QUERIES[name]["QueryString"]) - BUILT_IN - written
    # Only failures have these.
    assert missing <= {"error"}


@pytest.mark.parametrize("name", QUERIES)
def test_every_message_that_a_saved_query_looks_for_is_logged(name: str, day: Day) -> None:
    wanted = set(re.findall(r'message = "([^"]+)"', QUERIES[name]["QueryString"]))
    groups = searched_log_groups(QUERIES[name])
    assert wanted <= {line["message"] for group in groups for line in day.lines[group]}


def test_one_conversation_is_found_by_its_connection_id_in_all_functions(day: Day) -> None:
    found = [line for line in day.all if line.get("connection_id") == day.connection_id]
    found.sort(key=lambda line: str(line["timestamp"]))
    assert [line["message"] for line in found if line["function"] != "DefaultFunction"] == [
        "handshake allowed",
        "connected",
        "disconnected",
    ]
    messages = [line for line in found if line["function"] == "DefaultFunction"]
    assert [line["outcome"] for line in messages if line["message"] == "reply posted"] == [
        "pong",
        "ok",
        "ok",
        "invalid_message",
    ]
    assert {"joined", "published"} <= {line["message"] for line in messages}
    for line in found:
        assert line["request_id"]
        assert re.fullmatch(r"[0-9a-f-]{36}", line["function_request_id"])
        assert line["username"] == "demo"


def test_an_event_is_found_by_channel_and_number_from_its_publisher_to_the_sockets(
    day: Day,
) -> None:
    [published] = [line for line in day.all if line["message"] == "published"]
    dispatched = [
        line
        for line in day.lines["FanOutLogGroup"]
        if (line["channel"], line.get("sequence")) == (published["channel"], published["sequence"])
    ]
    assert dispatched
    assert all(line["message"] == "dispatched" for line in dispatched)
    [accepted] = day.lines["PublishLogGroup"]
    assert (accepted["message"], accepted["channel"]) == ("accepted", "user:demo")


def test_the_day_of_a_user_begins_with_a_login_and_ends_with_a_logout(day: Day) -> None:
    mine = [line for line in day.all if line.get("username") == "demo"]
    mine.sort(key=lambda line: str(line["timestamp"]))
    # `make run` has logged in once by itself.
    assert [mine[0]["message"], mine[-1]["message"]] == ["login granted", "logged out"]


def test_each_refused_handshake_has_its_reason(day: Day) -> None:
    refused = [line for line in day.all if line["message"] == "handshake refused"]
    assert {(line["function"], line["reason"]) for line in refused} == {
        ("AuthorizerFunction", "no_session"),
        ("AuthorizerFunction", "no_cookie"),
        ("ConnectFunction", "unknown_endpoint"),
    }


def test_a_name_that_was_typed_in_vain_is_not_logged(day: Day) -> None:
    """It may be a password."""
    [refused] = [line for line in day.all if line["message"] == "login refused"]
    assert refused["reason"] == "invalid_credentials"
    assert "username" not in refused
