"""The page when the server answers with errors, or has an endpoint that does not load."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.browser import ChatPage, chromium, set_color_scheme
from tests.support.client import HTTP
from tests.support.programs import GatewayProgram

pytestmark = pytest.mark.local_only

ROOT = Path(__file__).parents[2]
SERVED = ("template.yaml", "observability.yaml", "functions", "layers")


@dataclass
class Project:
    """A copy of the bot that a test may break, and the gateway that serves it."""

    folder: Path
    gateway: GatewayProgram
    url: str


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A fresh copy, and a running gateway."""
    folder = tmp_path / "bot"
    folder.mkdir()
    for name in SERVED:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    welcome = f"{sys.executable} -m tools.scripts.welcome"
    with GatewayProgram(folder / "template.yaml", "--on-ready", welcome) as gateway:
        url = gateway.wait_for(r"^\s+Page\s+(\S+)/$")[1]
        gateway.wait_for("^Ready")
        yield Project(folder, gateway, url)


@pytest.fixture
def page(project: Project, tmp_path: Path) -> Iterator[ChatPage]:
    """The page, with the demo user logged in."""
    user = project.gateway.wait_for(r"^\s+User\s+(\S+)$")[1]
    password = project.gateway.wait_for(r"^\s+Password\s+(\S+)$")[1]
    with chromium(tmp_path / "profile") as driver:
        set_color_scheme(driver, "light")
        page = ChatPage(driver, project.url)
        page.open()
        page.log_in(user, password)
        page.wait_connected()
        yield page


def change(project: Project, page: ChatPage, path: str, old: str, new: str) -> None:
    """Change a file, and wait until the gateway has loaded it."""
    file, reloads = project.folder / path, project.gateway.output.count("Reloaded:")
    file.write_text(file.read_text().replace(old, new))
    page.wait(lambda: project.gateway.output.count("Reloaded:") > reloads, "the reload")


def test_endpoint_that_does_not_load_leaves_the_page_and_the_documents_up(
    project: Project, page: ChatPage
) -> None:
    assert "Convert" in page.texts("#endpoints .endpoint-title")
    change(
        project, page, "layers/sapa/sapa/processes/convert.py", ") -> Iterator", ") -> Iterator[["
    )
    for path in ("/swagger", "/openapi.json", "/asyncapi.json"):
        assert HTTP.request("GET", f"{project.url}{path}").status == 200, path
    page.open("?again#convert")
    page.wait_connected()
    titles = page.texts("#endpoints .endpoint-title")
    assert titles[0] == "Reply"
    assert "Convert" not in titles
    [toast] = page.texts(".toast p")
    assert toast == "There is no endpoint “convert” on this server."
    assert page.driver.current_url.endswith("#reply")
    page.say("Hai!")
    page.wait_for_answers("Halo!")


def test_answer_with_an_error_is_not_the_network(project: Project, page: ChatPage) -> None:
    handler, last, broken = "functions/api/app.py", "    return http_api()", "    raise OSError\n"
    change(project, page, handler, last, broken + last)
    page.shown("logout").click()
    expected = "The server answered with an error (500). The log has the cause."
    page.wait(lambda: page.texts("#unreachable-text") == [expected], expected)
    change(project, page, handler, broken, "")
    page.shown("unreachable-retry").click()
    page.shown("chat-input")
    change(project, page, handler, last, broken + last)
    authorizer, wanted = "functions/authorizer/app.py", "    return None if decision"
    change(project, page, authorizer, wanted, broken + wanted)
    page.open("#chat")

    def reason() -> str:
        return page.texts("#send-state-text")[0]

    page.wait(lambda: reason().startswith(expected), expected)
    change(project, page, authorizer, broken, "")
    change(project, page, handler, broken, "")
    page.wait_connected()
    project.gateway.stop()
    page.wait(lambda: reason().startswith("No answer came."), "no answer")
    page.shown("logout").click()
    expected = "No answer came. The server may not be running, or your network may be down."
    page.wait(lambda: page.texts("#unreachable-text") == [expected], expected)
