"""The dependency audit never passes what nobody was asked about; `pip-audit` is a stand-in."""

import json
from pathlib import Path

import pytest

from tools.scripts.dependency_audit import NOT_CHECKED, audit

pytestmark = pytest.mark.starts_programs

KNOWN = json.dumps({"dependencies": [{"name": "a", "version": "1.0", "vulns": []}]})
UNKNOWN = json.dumps({"dependencies": [{"name": "a", "skip_reason": "not found on PyPI"}]})


@pytest.fixture
def lock_file(tmp_path: Path) -> str:
    """Two pinned packages."""
    path = tmp_path / "lock.txt"
    path.write_text("a==1.0 \\\n    --hash=sha256:00\nb==2.0\n")
    return str(path)


def pip_audit(folder: Path, probe: str, status: int) -> str:
    """A program that answers the first question with `probe` and the audit with a status."""
    path = folder / "pip-audit"
    log = folder / "asked"
    path.write_text(
        f"#!/bin/sh\necho \"$@\" >> '{log}'\n"
        f"case \"$*\" in *json*) printf '%s' '{probe}';; *) exit {status};; esac\n"
    )
    path.chmod(0o700)
    return str(path)


@pytest.mark.parametrize("probe", [UNKNOWN, "", "[]", "{}", "no connection"])
def test_no_service_is_told_and_is_no_success(
    tmp_path: Path, lock_file: str, capfd: pytest.CaptureFixture[str], probe: str
) -> None:
    assert audit(pip_audit(tmp_path, probe, 0), [lock_file]) == NOT_CHECKED
    assert "NOT CHECKED" in capfd.readouterr().err
    assert len((tmp_path / "asked").read_text().splitlines()) == 1


@pytest.mark.parametrize("status", [0, 1])
def test_every_lock_file_is_audited_strictly(tmp_path: Path, lock_file: str, status: int) -> None:
    assert audit(pip_audit(tmp_path, KNOWN, status), [lock_file, "other.txt"]) == status
    asked = (tmp_path / "asked").read_text().splitlines()[-1]
    assert f"--strict --requirement {lock_file} --requirement other.txt" in asked


def test_file_without_pins_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("a\n")
    with pytest.raises(ValueError, match=r"empty\.txt: expected lines like name==version"):
        audit("none", [str(tmp_path / "empty.txt")])
