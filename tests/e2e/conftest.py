"""Which bot the end-to-end tests talk to: `make run`, an emulator's, or one on AWS."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.e2e.gateway_process import BOTS
from tests.e2e.secrecy import SECRETS, without_welcome
from tests.e2e.targets import Target, aws, emulator, local

TARGETS = ("local", "emulator", "aws")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that point the same tests at a bot that runs elsewhere."""
    group = parser.getgroup("end to end")
    group.addoption("--target", default="local", choices=TARGETS, help="default: `make run`")
    group.addoption("--stack", default="sapa", help="the stack on AWS")
    group.addoption("--region", help="where that is; default: samconfig.toml")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Elsewhere than on this machine leave out the tests of the local gateway itself.

    On the emulator, tests that it is known to fail have to fail.
    """
    name = config.getoption("--target")
    if name == "local":
        return
    ours = [item for item in items if item.get_closest_marker("local_only")]
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]
    if name == "emulator":
        _expect_differences(items)


def _expect_differences(items: Sequence[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("emulator_differs"):
            reason = f"emulator differs: {mark.args[0]}, fact {mark.kwargs['fact']}"
            runs = mark.kwargs.get("runs", True)
            item.add_marker(pytest.mark.xfail(strict=True, run=runs, reason=reason))


@pytest.fixture(scope="session", autouse=True)
def no_bot_prints_a_secret() -> Iterator[None]:
    """When all is done, no password, token or message is in what any `make run` printed."""
    yield
    printed = [without_welcome(bot.output, SECRETS) for bot in BOTS]
    found = [one for output in printed for one in SECRETS.found_in(output)]
    assert not found, "\n".join(["secrets in the logs of this run:", *found])


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The bot under test."""
    option = request.config.getoption
    match option("--target"):
        case "emulator":
            started = emulator()
        case "aws":
            started = aws(option("--stack"), option("--region"))
        case _:
            started = local()
    with started as found:
        yield found


@pytest.fixture
def base_url(target: Target) -> str:
    """The page's URL without a trailing slash."""
    return target.base_url


@pytest.fixture
def username(target: Target) -> str:
    """A user who can log in."""
    return target.username


@pytest.fixture
def password(target: Target) -> str:
    """That user's password."""
    return target.password


@pytest.fixture
def close_sockets(target: Target) -> Callable[[], None]:
    """Closes all of the user's sockets from the server's side, as an operator would."""
    return lambda: target.close_sockets(target.username)
