"""Answers of streaming processes over real sockets, with the Python client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sapa_client import AskError, HandshakeError, LoginError, Session, SessionEndedError, login
from tests.support.bot import PASSWORD, Bot
from tests.support.secrecy import SECRETS

TIMEOUT = 90


@asynccontextmanager
async def logged_in(bot: Bot, name: str) -> AsyncIterator[Session]:
    """A session of a new user."""
    username = bot.create_user(name)
    async with asyncio.timeout(TIMEOUT), await login(bot.base_url, username, PASSWORD) as session:
        SECRETS.token(session.token)
        yield session


async def test_a_story_is_whole_although_its_socket_is_cut_each_second(bot: Bot) -> None:
    async with logged_in(bot, "cut") as session, session.connect("story") as story:
        answer = await story.start({"words": 160, "per_second": 4, "language": "en"})

        async def cut() -> None:
            while not answer.has_ended:
                await asyncio.sleep(1)
                story.reconnect()

        cutting = asyncio.create_task(cut())
        text = await answer.text()
        cutting.cancel()
        assert len(text.split()) == 160
        assert answer.status == "done"
        async with session.connect("story") as other:
            whole = await other.resume(answer.answer_id)
            assert await whole.text() == text
            [described] = await other.answers()
            assert (described["status"], described["last"]) == ("done", whole.numbers.whole)


async def test_two_connections_hear_an_answer_and_either_stops_it(bot: Bot) -> None:
    async with (
        logged_in(bot, "two") as session,
        session.connect("story") as first,
        session.connect("story") as second,
    ):
        asked = await first.start({"words": 1000, "per_second": 20})
        heard = await second.resume(asked.answer_id)
        async for _ in heard:
            if heard.numbers.whole >= 5:
                await heard.stop()
        assert await asked.text()
        assert asked.status == heard.status == "stopped"
        assert asked.numbers == heard.numbers


async def test_another_user_hears_nothing(bot: Bot) -> None:
    async with (
        logged_in(bot, "own") as session,
        logged_in(bot, "other") as other,
        session.connect("story") as story,
        other.connect("story") as foreign,
    ):
        answer = await story.start({"words": 2, "per_second": 100})
        with pytest.raises(AskError, match="forbidden_channel"):
            await foreign.resume(answer.answer_id)
        with pytest.raises(AskError, match="unknown_answer"):
            await foreign.follow(answer.answer_id).stop()
        assert await foreign.answers() == []


async def test_logout_ends_the_delivery_and_the_answer(bot: Bot) -> None:
    username = bot.create_user("bye")
    async with asyncio.timeout(TIMEOUT), await login(bot.base_url, username, PASSWORD) as stays:
        SECRETS.token(stays.token)
        leaving = await login(bot.base_url, username, PASSWORD)
        SECRETS.token(leaving.token)
        async with stays.connect("story") as watching, leaving.connect("story") as story:
            asked = await story.start({"words": 1000, "per_second": 10})
            heard = await watching.resume(asked.answer_id)
            await leaving.logout()
            with pytest.raises(SessionEndedError):
                await asked.text()
            await heard.text()
            assert heard.status == "stopped"


async def test_what_the_server_refuses_is_an_error_that_says_why(bot: Bot) -> None:
    with pytest.raises(LoginError) as refused:
        await login(bot.base_url, "nobody", "wrong")
    assert (refused.value.status, refused.value.code) == (401, "invalid_credentials")
    async with logged_in(bot, "errors") as session, session.connect("reply") as reply:
        with pytest.raises(AskError, match="invalid_message"):
            await reply.ask({"massage": "Hai!"})
        with pytest.raises(AskError, match="no_stream"):
            await reply.start({"message": "Hai!"})


async def test_a_refused_handshake_is_an_error_and_no_loop(bot: Bot) -> None:
    async with logged_in(bot, "refused") as session:
        with pytest.raises(HandshakeError) as refused:
            async with session.connect("nothing"):
                raise AssertionError
        # An emulator answers 403 whatever `$connect` answers.
        assert refused.value.status in {403, 404}
