"""What talks use, against sums done by hand from round measurements."""

import pytest

from tools.cost.measurements import Invocation, Measurements
from tools.cost.scenarios import Architectures, connected_day, conversation

ACTIONS = ("page", "login", "session", "authorizer", "connect", "message", "ping", "disconnect")
# 10 ms and 100 ms of init in 1 of 100, on 1,769 MB: 11 ms of a whole vCPU.
MEASURED = Measurements(
    invocations={
        name: Invocation(duration_ms=10, init_ms=100, log_bytes=1_000, memory_mb=1_769)
        for name in ACTIONS
    },
    page_requests=3,
    page_bytes=30_000,
    login_bytes=500,
    poll_bytes=200,
    reply_bytes=100,
)
CALLS = {
    "login": ["AdminInitiateAuth", "PutItem"],
    "handshake": ["GetItem"],
    "connect": ["PutItem", "PutItem"],
    "reply, one frame": ["PostToConnection"],
    "`$ping`, error": ["PostToConnection"],
    "disconnect, no channel": ["DeleteItem", "Query", "DeleteItem", "SendMessage"],
}
FOUND = Architectures(MEASURED, CALLS)
TALK = conversation(minutes=10, messages=10, poll_seconds=2)


def test_a_conversation_over_the_socket() -> None:
    # 3 for the page, login, authorizer, connect, 10 messages, disconnect.
    invocations = 3 + 1 + 1 + 1 + 10 + 1
    assert FOUND.this(TALK).amounts == pytest.approx(
        {
            "http_requests": 4,
            "invocations": invocations,
            "gb_seconds": invocations * 0.011 * 1769 / 1024,
            # The access log has the requests, the handshake, the disconnect and the messages.
            "log_bytes": invocations * 1_000 + (4 + 2 + 10) * 600,
            "traces": invocations * 0.05,
            "edge_requests": 5,
            "edge_functions": 5,
            "edge_bytes": 30_000 + 500 + 10 * 100,
            "messages": 20,
            "connection_minutes": 10,
            # Login, two of connect, two of disconnect; each in a table and in its index.
            "write_units": 5 * 2,
            "read_units": 2,
            "queue_requests": 3,
        }
    )


def test_a_connected_day_is_renewed_and_pinged() -> None:
    day = connected_day(hours=8, messages_a_minute=1, ping_minutes=4.5)
    assert day.connects == 5, "480 minutes in turns of 115"
    assert day.messages == 480
    assert day.pings == pytest.approx(106.667, abs=0.001)
    # A message and its reply, a ping and its pong.
    assert FOUND.this(day).amounts["messages"] == pytest.approx(2 * 480 + 2 * 106.667, abs=0.01)


def test_polling_pays_for_every_question() -> None:
    # 10 minutes of a poll in 2 seconds, 10 messages, 3 for the page, the login.
    used = FOUND.polling(TALK).amounts
    assert used["http_requests"] == 300 + 10 + 3 + 1
    assert used["read_units"] == 2 * 300 + 10
    assert "messages" not in used


def test_appsync_publishes_twice_and_delivers_once() -> None:
    used = FOUND.appsync(TALK).amounts
    assert used["appsync_operations"] == 3 * 10 + 2
    assert used["appsync_minutes"] == 10


def test_containers_cost_the_same_until_they_are_full() -> None:
    few, more = FOUND.containers(TALK, 1).amounts, FOUND.containers(TALK, 1_000).amounts
    assert few["fargate_cpu_hours"] == more["fargate_cpu_hours"] == 2 * 0.25 * 730
    # 10 minutes in 43,800 of a month: 65,700,000 talks are 15,000 at a time.
    many = FOUND.containers(TALK, 65_700_000).amounts
    assert many["fargate_cpu_hours"] == 3 * 0.25 * 730
    assert many["balancer_unit_hours"] == pytest.approx(5 * 730)


def test_less_memory_is_a_slower_processor() -> None:
    small = Invocation(duration_ms=10, init_ms=0, log_bytes=0, memory_mb=512)
    invocations = {**MEASURED.invocations, "session": small}
    measured = Measurements(
        invocations=invocations,
        page_requests=1,
        page_bytes=0,
        login_bytes=0,
        poll_bytes=0,
        reply_bytes=0,
    )
    used = Architectures(measured, CALLS).polling(conversation(minutes=2, poll_seconds=120))
    others = 12 * 0.011 * 1769 / 1024
    # 10 ms of a vCPU are 34.55 ms of 512 of 1,769 MB.
    assert used.amounts["gb_seconds"] - others == pytest.approx(0.03455078125 / 2)
