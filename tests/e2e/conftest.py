"""Which bot the end-to-end tests talk to: `make run`, an emulator's, or one on AWS."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import pytest
from selenium import webdriver

from tests.support.bot import PASSWORD, Bot, MakeRun, User, aws_bot, emulated_bot, local_bot
from tests.support.browser import chromium
from tests.support.client import ChannelClient, channel_client, log_in
from tests.support.secrecy import SECRETS, without_welcome

TARGETS = ("local", "emulator", "aws")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that point the same tests at a bot that runs elsewhere."""
    group = parser.getgroup("end to end")
    group.addoption("--target", default="local", choices=TARGETS, help="default: `make run`")
    group.addoption("--stack", default="sapa", help="the stack on AWS")
    group.addoption("--region", help="where that is; default: samconfig.toml")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Elsewhere than on this machine leave out the tests of the local gateway itself.

    On the emulator, tests that are marked as failing there have to fail.
    """
    name = config.getoption("--target")
    if name == "local":
        return
    local_only = [item for item in items if item.get_closest_marker("local_only")]
    config.hook.pytest_deselected(items=local_only)
    items[:] = [item for item in items if item not in local_only]
    if name == "emulator":
        _expect_differences(items)


def _expect_differences(items: Sequence[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("emulator_differs"):
            reason = f"emulator differs: {mark.args[0]}, fact {mark.kwargs['fact']}"
            item.add_marker(pytest.mark.xfail(strict=True, reason=reason))


@pytest.fixture(scope="session", autouse=True)
def no_bot_prints_a_secret() -> Iterator[None]:
    """When all is done, no password, token or message is in the output of any `make run`."""
    yield
    outputs = [without_welcome(program.output, SECRETS) for program in MakeRun.started]
    secrets = [line for output in outputs for line in SECRETS.search(output)]
    assert not secrets, "\n".join(["secrets in the logs of this run:", *secrets])


@pytest.fixture(scope="session")
def bot(request: pytest.FixtureRequest) -> Iterator[Bot]:
    """The bot under test."""
    option = request.config.getoption
    match option("--target"):
        case "emulator":
            started = emulated_bot()
        case "aws":
            started = aws_bot(option("--stack"), option("--region"))
        case _:
            started = local_bot()
    with started as bot:
        yield bot


@pytest.fixture
def token(bot: Bot) -> str:
    """The cookie of a new login session of the bot's user."""
    return bot.log_in()


def _created_user(bot: Bot, name: str) -> User:
    username = bot.create_user(name)
    return User(username, log_in(bot.base_url, username, PASSWORD))


@pytest.fixture(scope="module")
def ana(bot: Bot) -> User:
    """A user of this file's tests alone."""
    return _created_user(bot, "ana")


@pytest.fixture(scope="module")
def ben(bot: Bot) -> User:
    """Another one."""
    return _created_user(bot, "ben")


@pytest.fixture
def connect(bot: Bot) -> Iterator[Callable[[User], ChannelClient]]:
    """Opens sockets of the chat for users; they are closed after the test."""
    with ExitStack() as stack:
        yield lambda user: stack.enter_context(
            channel_client(f"{bot.socket_url}?endpoint=chat", user.token)
        )


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for all tests of a file: a start costs more than most of them."""
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver
