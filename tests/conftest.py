"""For all tests: which programs they may start, and what is said of those that did not run."""

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tools.scripts.node_and_browser import browser_advice, has_browser, path_with_node

# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_PROGRAM_EVENTS = ("subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec", "os.system")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make test-fast` passes --no-programs."""
    text = "leave out the tests that start programs, and fail those that start one unmarked"
    parser.addoption("--no-programs", action="store_true", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Put the Node.js that `make test` has installed into PATH, and watch what is started."""
    os.environ["PATH"] = path_with_node()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_NotRun())
    if config.getoption("--no-programs"):
        config.pluginmanager.register(_NoPrograms())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that start programs, if asked to."""
    if config.getoption("--no-programs"):
        marked = [item for item in items if item.get_closest_marker("starts_programs")]
        config.hook.pytest_deselected(items=marked)
        items[:] = [item for item in items if item not in marked]


class _NoPrograms:
    """Fails a test that starts a program although it is not marked."""

    def __init__(self) -> None:
        self._in_test = False
        sys.addaudithook(self._audit)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Between the tests pytest and its plugins may start what they need."""
        self._in_test = True
        try:
            return (yield)
        finally:
            self._in_test = False

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._in_test and event in _PROGRAM_EVENTS:
            raise RuntimeError(f"starts {arguments[0]} without the marker starts_programs")


class _NotRun:
    """Names the tests that did not run because something is missing: such a run is no success."""

    def __init__(self) -> None:
        self._tests: dict[str, list[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skipped test, unless a mark says that it does not belong on this system."""
        if not report.skipped or hasattr(report, "wasxfail") or "skipif" in report.keywords:
            return
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "skipped"
        self._tests.setdefault(reason.removeprefix("Skipped: "), []).append(report.nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Say it last, below the line of pytest that counts the tests."""
        yield
        if not self._tests:
            return
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        for reason, tests in self._tests.items():
            print(f"\nDid not run: {reason}", *sorted(tests), sep="\n  ")
        print(f"\n{sum(map(len, self._tests.values()))} TESTS DID NOT RUN. {_remedy()}")


def _remedy() -> str:
    if has_browser():
        return "This installs what can be installed: make test"
    if (command := browser_advice()) is not None:
        return f"This installs what they need: {command} && make test"
    return "Install Chromium and chromedriver with your system's package manager."
