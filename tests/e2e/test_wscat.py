"""wscat from the npm registry, used as the README says."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.client import COOKIE, log_in
from tests.e2e.conftest import Target, require_tool

WSCAT = Path(__file__).parent / "node_modules" / ".bin" / "wscat"


def wscat(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run wscat, which `make test` installs."""
    require_tool("node")
    if not WSCAT.exists():
        pytest.fail("wscat is not installed: run `make test`, which installs it with npm")
    return subprocess.run(
        [WSCAT, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_wscat_greets(target: Target) -> None:
    token = log_in(target.base_url, target.username, target.password)
    header = f"Cookie: {COOKIE}={token}"
    sent = ["-x", '{"message": "Hai!"}', "-w", "2"]
    done = wscat("-c", target.socket_url, "-H", header, *sent)
    assert '{"message":"Halo!"}' in done.stdout.replace(" ", ""), done


def test_wscat_without_cookie_is_told_401(target: Target) -> None:
    done = wscat("-c", target.socket_url, "-x", "{}")
    assert "401" in done.stdout + done.stderr


def test_printed_wscat_line_works(target: Target) -> None:
    if target.process is None:
        pytest.skip("only `make run` prints the line")
    line = target.process.wait_for(r'wscat -c (\S+) -H "([^"]+)"')
    done = wscat("-c", line[1], "-H", line[2], "-x", '{"message": "Hai!"}', "-w", "2")
    assert '{"message":"Halo!"}' in done.stdout.replace(" ", ""), done
