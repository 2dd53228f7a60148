"""The endpoint assistant with a language model on this machine, which a test speaks for."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from sapa_client import AnswerError, Connection, login
from tests.integration.sapa.faulty_api import FaultyApi, faulty_api
from tests.support.bot import Bot, local_bot
from tests.support.event_streams import chat_completions, chunk, completed
from tests.support.secrecy import SECRETS

pytestmark = pytest.mark.local_only

TIMEOUT = 90
COMPLETIONS = "completions"


@pytest.fixture(scope="module")
def model() -> Iterator[FaultyApi]:
    """A server like OpenAI's."""
    with faulty_api() as api:
        yield api


@pytest.fixture(scope="module")
def talkative_bot(model: FaultyApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """`make run` with that model, as the how-to shows it."""
    variables = tmp_path_factory.mktemp("assistant") / "assistant.json"
    settings = {"ASSISTANT_URL": f"{model.root}/v1", "ASSISTANT_MODEL_ID": "small"}
    variables.write_text(json.dumps({"AnswerFunction": settings}))
    with local_bot(f"--env-vars {variables}") as bot:
        yield bot


@asynccontextmanager
async def talking(bot: Bot) -> AsyncIterator[Connection]:
    """A connection to the assistant."""
    async with asyncio.timeout(TIMEOUT):
        session = await login(bot.base_url, bot.username, bot.password)
        SECRETS.token(session.token)
        async with session, session.connect("assistant") as connection:
            yield connection


async def test_a_conversation_is_remembered(talkative_bot: Bot, model: FaultyApi) -> None:
    model.answers[COMPLETIONS] = [
        chat_completions(completed("Halo", ", dunia!", reason="stop"), pieces=9),
        chat_completions(completed("Ya.", reason="stop")),
    ]
    async with talking(talkative_bot) as connection:
        first = await connection.start({"message": "Apa kabar?", "start_over": True})
        assert await first.text() == "Halo, dunia!"
        second = await connection.start({"message": "Ingat?"})
        assert await second.text() == "Ya."
    *_, request = model.posted
    assert [each["content"] for each in json.loads(request.body)["messages"]][1:] == [
        "Apa kabar?",
        "Halo, dunia!",
        "Ingat?",
    ]


async def test_stopping_an_answer_closes_the_connection_to_a_silent_model(
    talkative_bot: Bot, model: FaultyApi
) -> None:
    model.answers[COMPLETIONS] = [chat_completions(completed("Sebentar …"), is_whole=False)]
    while model.closed.acquire(blocking=False):
        pass
    async with talking(talkative_bot) as connection:
        answer = await connection.start({"message": "Berapa?"})
        parts = aiter(answer)
        assert (await anext(parts))["message"] == "Sebentar …"
        await answer.stop()
        assert [part async for part in parts] == []
        assert answer.status == "stopped"
        assert await asyncio.to_thread(model.closed.acquire, timeout=20)


async def test_a_model_that_fails_in_the_middle_leaves_what_it_said(
    talkative_bot: Bot, model: FaultyApi
) -> None:
    busy = chunk({"error": {"code": "rate_limit_exceeded", "message": "Too many tokens"}})
    model.answers[COMPLETIONS] = [chat_completions(completed("Tunggu") + busy)]
    async with talking(talkative_bot) as connection:
        answer = await connection.start({"message": "Kapan?"})
        heard = []
        with pytest.raises(AnswerError, match="model_busy"):  # noqa: PT012 - what comes before
            async for part in answer:
                heard.append(part["message"])
        assert heard == ["Tunggu"]
        assert answer.status == "failed"


async def test_without_a_model_the_answer_says_how_to_get_one(bot: Bot) -> None:
    async with talking(bot) as connection:
        answer = await connection.start({"message": "Hai"})
        with pytest.raises(AnswerError, match=r"model_unset.*ASSISTANT_URL"):
            await answer.text()
