"""The page's files as a browser gets them, and where the page is."""

import re
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

import local_gateway.inspector
from tests.integration.local_gateway.inspector.inspected_gateway import (
    Inspected,
    inspected_gateway,
)

STATIC = Path(local_gateway.inspector.__file__).parent / "static"


@pytest.mark.parametrize("path", ["/_gateway", "/_gateway/"])
async def test_the_page_may_load_nothing_from_elsewhere(
    gateway: Inspected, session: aiohttp.ClientSession, path: str
) -> None:
    async with session.get(gateway.origin + path) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_everything_that_the_page_names_is_there(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    page = (STATIC / "index.html").read_text()
    named = set(re.findall(r'(?:src|href)="/_gateway/static/([^"]+)"', page))
    for script in STATIC.glob("*.js"):
        named |= set(re.findall(r'from "\./([^"]+)"', script.read_text()))
    assert named == {file.name for file in STATIC.iterdir()} - {"index.html"}
    for name in named:
        async with session.get(f"{gateway.page}/static/{name}") as answer:
            assert answer.status == 200
            assert await answer.read() == (STATIC / name).read_bytes()


async def test_a_script_finds_the_outputs_of_the_stack(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    async with session.get(f"{gateway.page}/stack") as answer:
        assert answer.status == 200
        assert await answer.json() == {"outputs": {"PageUrl": "http://localhost/"}}
        assert "Access-Control-Allow-Origin" not in answer.headers
    async with session.post(f"{gateway.page}/stack", headers={"Origin": gateway.origin}) as answer:
        assert answer.status == 405


@pytest.mark.parametrize("path", ["", "/stack", "/events", "/static/nothing.js"])
async def test_head_is_answered_like_get(
    gateway: Inspected, session: aiohttp.ClientSession, path: str
) -> None:
    async with session.get(gateway.page + path) as answer:
        status, content_type = answer.status, answer.headers["Content-Type"]
    async with session.head(gateway.page + path) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (status, content_type)
        assert await answer.read() == b""


async def test_a_web_site_does_not_find_them(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        async with session.get(f"{gateway.page}/stack", headers=headers) as answer:
            assert answer.status == 403


def test_the_page_has_no_inline_code_and_no_other_origin() -> None:
    for file in STATIC.iterdir():
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//cdn|innerHTML|\bstyle=|\son\w+=", text), file.name


@pytest.mark.parametrize(
    "path", ["/static/..%2fsite.py", "/static/../site.py", "/static/", "/static/nothing.js", "/x"]
)
async def test_nothing_else_is_there(
    gateway: Inspected, session: aiohttp.ClientSession, path: str
) -> None:
    async with session.get(URL(gateway.page + path, encoded=True)) as answer:
        assert answer.status == 404


async def test_without_it_the_path_belongs_to_the_http_api(
    session: aiohttp.ClientSession,
) -> None:
    async with (
        inspected_gateway(is_mounted=False) as running,
        session.get(running.page) as answer,
    ):
        assert await answer.text() == "pong"


async def test_it_comes_before_the_http_apis_routes_but_takes_no_other_path(
    gateway: Inspected, session: aiohttp.ClientSession
) -> None:
    async with session.get(gateway.page) as answer:
        assert "Live traffic" in await answer.text()
    for path in ("/_gateways", "/", "/x/_gateway"):
        async with session.get(gateway.origin + path) as answer:
            assert await answer.text() == "pong"


async def test_a_websocket_stage_of_that_name_keeps_its_path(
    session: aiohttp.ClientSession,
) -> None:
    async with inspected_gateway(stages=("_gateway",)) as running:
        async with session.get(running.page) as answer:
            assert answer.status == 426
        async with session.ws_connect(running.page) as socket:
            await socket.send_str("{}")
            assert await socket.receive_str(timeout=20) == "pong"


async def test_an_http_stage_of_that_name_keeps_its_path(session: aiohttp.ClientSession) -> None:
    async with (
        inspected_gateway(http_stages=("_gateway",)) as running,
        session.get(f"{running.page}/anything") as answer,
    ):
        assert await answer.text() == "pong"
