"""What a page is told while people talk through the gateway."""

import aiohttp
import pytest

from local_gateway.inspector.site import MAX_PAGES
from tests.integration.local_gateway.inspector.event_stream import EventStream
from tests.integration.local_gateway.inspector.inspected_gateway import Inspected


async def test_a_conversation_is_shown_as_it_goes_on(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    async with (
        EventStream.open(session, gateway.page) as stream,
        session.ws_connect(f"{gateway.origin}/dev") as socket,
    ):
        assert stream.names == ["snapshot"]
        await socket.send_str('{"action": "ping"}')
        assert await socket.receive_str(timeout=20) == "pong"
        opened = await stream.row(kind="entry", outcome="101 open")
        frame = await stream.row(kind="frame", way="in")
        run = await stream.row(kind="run")
        entry = await stream.row(kind="entry", request=run["request"])
        log = await stream.row(kind="log", request=run["request"])
        reply = await stream.row(kind="frame", way="out")
    assert frame["text"] == '{"action": "ping"}'
    assert reply["text"] == "pong"
    assert log["function"] == entry["function"] == run["function"] == "Pong"
    ids = {row["connection"] for row in (opened, frame, entry, reply)}
    assert len(ids) == 1


async def test_open_connections_are_listed_with_their_counts(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    async with (
        session.ws_connect(f"{gateway.origin}/dev") as socket,
        EventStream.open(session, gateway.page) as stream,
    ):
        (shown,) = stream.connections.values()
        assert (shown["api"], shown["stage"], shown["ip"]) == ("Chat", "dev", "127.0.0.1")
        assert (shown["in"], shown["out"]) == (0, 0)
        await socket.send_str("x")
        await stream.until(lambda seen: seen.connections[shown["id"]]["out"] == 1)
        assert stream.connections[shown["id"]]["in"] == 1
        assert stream.connections[shown["id"]]["active"] >= shown["since"]
        await socket.close()
        await stream.until(lambda seen: not seen.connections)


async def test_what_happened_before_the_page_was_opened_is_shown(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    async with session.get(f"{gateway.origin}/some/path") as answer:
        assert answer.status == 200
    async with EventStream.open(session, gateway.page) as stream:
        row = await stream.row(kind="entry", api="http")
    assert (row["route"], row["outcome"]) == ("GET /some/path", "200")


async def test_a_refused_handshake_is_shown_with_its_cause(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(f"{gateway.origin}/full")
    async with EventStream.open(session, gateway.page) as stream:
        row = await stream.row(kind="entry", route="$connect")
        assert not stream.connections
    assert (row["outcome"], row["detail"]) == ("429 Too Many Requests", "throttled")


async def test_management_calls_are_shown(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    async with session.post(f"{gateway.origin}/dev/@connections/abc") as answer:
        assert answer.status == 403
    async with EventStream.open(session, gateway.page) as stream:
        row = await stream.row(kind="entry", api="management")
    assert (row["route"], row["outcome"], row["problem"]) == ("POST @connections", "403", True)


async def test_the_button_closes_as_a_delete_does(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    own = {"Origin": gateway.origin}
    async with (
        EventStream.open(session, gateway.page) as stream,
        session.ws_connect(f"{gateway.origin}/dev") as socket,
    ):
        await stream.until(lambda seen: bool(seen.connections))
        (connection_id,) = stream.connections
        order = f"{gateway.page}/connections/{connection_id}"
        async with session.delete(order, headers=own) as answer:
            assert answer.status == 204
        await socket.receive(timeout=20)
        assert socket.close_code == 1000
        row = await stream.row(kind="entry", route="DELETE @connections")
        assert (row["connection"], row["outcome"]) == (connection_id, "204")
        await stream.until(lambda seen: not seen.connections)
        async with session.delete(order, headers=own) as answer:
            assert answer.status == 410


@pytest.mark.parametrize("origin", [None, "https://web.example", "http://localhost:1"])
async def test_another_page_can_close_nothing(
    gateway: Inspected, session: aiohttp.ClientSession, origin: str | None
) -> None:
    foreign = {"Origin": origin} if origin is not None else {}
    async with (
        EventStream.open(session, gateway.page) as stream,
        session.ws_connect(f"{gateway.origin}/dev") as socket,
    ):
        await stream.until(lambda seen: bool(seen.connections))
        (connection_id,) = stream.connections
        order = f"{gateway.page}/connections/{connection_id}"
        async with session.delete(order, headers=foreign) as answer:
            assert answer.status == 403
        await socket.send_str("still there?")
        assert await socket.receive_str(timeout=20) == "pong"


@pytest.mark.parametrize("path", ["", "/events", "/static/app.js"])
async def test_another_host_name_sees_nothing(
    gateway: Inspected, session: aiohttp.ClientSession, path: str
) -> None:
    rebound = {"Host": f"rebound.example:{gateway.port}"}
    async with session.get(gateway.page + path, headers=rebound) as answer:
        assert answer.status == 403
        assert "localhost" in (await answer.json())["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "", "GET, HEAD"),
        ("PUT", "/events", "GET, HEAD"),
        ("POST", "/connections/abc", "DELETE"),
    ],
)
async def test_other_methods_are_refused(
    gateway: Inspected, session: aiohttp.ClientSession, method: str, path: str, allowed: str
) -> None:
    own = {"Origin": gateway.origin}
    async with session.request(method, gateway.page + path, headers=own) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == allowed


async def test_pages_are_limited_and_end_with_the_gateway(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    streams = [await session.get(f"{gateway.page}/events") for _ in range(MAX_PAGES)]
    async with session.get(f"{gateway.page}/events") as answer:
        assert answer.status == 503
    assert gateway.inspector.watchers == MAX_PAGES
    await gateway.site.close()
    assert gateway.inspector.watchers == 0
    for stream in streams:
        assert (await stream.read()).startswith(b"event: snapshot\n")
