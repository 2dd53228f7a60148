"""State that cannot be stored, over a real socket: a clear error, and the socket stays."""

import re
import shutil
import sys
from collections.abc import Iterator

import pytest
from websockets.sync.client import ClientConnection

from tests.e2e.client import ask, log_in, open_socket
from tests.e2e.gateway_process import ROOT, GatewayProcess, free_port
from tests.e2e.targets import PASSWORD, Target, unique
from tools.scripts.stacks import running_stack

pytestmark = pytest.mark.local_only

PROCESS = '''
"""Asks for what state cannot do."""

from sapa.processes.business_process import Context, business_process


@business_process
def stubborn(context: Context, action: str) -> str:
    """Stores what is no JSON, or is always overtaken."""
    if action == "store":
        context.state.put("key", {"a", "set"})

    def overtaken(before: int | None) -> int:
        context.state.put("key", (before or 0) + 1)
        return 0

    context.state.update("key", overtaken)
    return "stored"
'''


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The bot with one business process more."""
    project = tmp_path_factory.mktemp("project")
    for name in ("functions", "layers"):
        shutil.copytree(ROOT / name, project / name)
    shutil.copy(ROOT / "template.yaml", project)
    package = project / "layers/sapa/sapa"
    (package / "processes/stubborn.py").write_text(PROCESS)
    registry = package / "processes/endpoints.py"
    entry = re.compile(r'^( +)"reply": "sapa\.processes\.reply:reply",\n', re.MULTILINE)
    more, count = entry.subn(
        r'\g<0>\1"stubborn": "sapa.processes.stubborn:stubborn",\n', registry.read_text()
    )
    assert count == 1
    registry.write_text(more)
    port = free_port()
    url, template = f"http://localhost:{port}", str(project / "template.yaml")
    command = [sys.executable, "-m", "local_gateway", "--template", template]
    with GatewayProcess([*command, "--port", str(port)], {}) as process:
        process.wait_for("^Ready")
        found = Target(
            base_url=url,
            username=unique("ana"),
            password=PASSWORD,
            stack=running_stack(url),
            management_url=f"{url}/ws",
            process=process,
        )
        found.create_users(found.username)
        yield found


@pytest.fixture
def socket(target: Target) -> Iterator[ClientConnection]:
    """An open socket to the process."""
    token = log_in(target.base_url, target.username, target.password)
    with open_socket(f"{target.socket_url}?endpoint=stubborn", token) as connection:
        yield connection


@pytest.mark.parametrize(
    ("action", "code"), [("store", "invalid_state"), ("update", "state_conflict")]
)
def test_what_state_cannot_do_is_told_by_its_code(
    socket: ClientConnection, action: str, code: str
) -> None:
    answer = ask(socket, {"action": action, "$id": 1})
    assert answer["error"]["code"] == code
    assert answer["$id"] == 1
    assert ask(socket, {"$ping": 1}) == {"$pong": 1}
