"""Asks PyPI whether anything that is pinned here has a reported vulnerability.

Usage: python -m tools.scripts.dependency_audit PATH_OF_PIP_AUDIT LOCK_FILE …
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_PINNED = re.compile(r"^[A-Za-z0-9._-]+==[^\s;]+", re.MULTILINE)
# The lock files are complete: nothing has to be resolved or installed.
_OPTIONS = ("--no-deps", "--disable-pip", "--progress-spinner", "off")
NOT_CHECKED = 2


def main() -> None:
    """Audit; the status is 1 for a vulnerability and 2 when no service answered."""
    sys.exit(audit(sys.argv[1], sys.argv[2:]))


def audit(program: str, lock_files: Sequence[str]) -> int:
    """Ask for one package first: pip-audit by itself passes what no service knows."""
    first = _PINNED.search(Path(lock_files[0]).read_text(encoding="utf-8"))
    if first is None:
        raise ValueError(f"{lock_files[0]}: expected lines like name==version")
    if not _answers(program, first[0]):
        print("NOT CHECKED: no vulnerability service can be reached", file=sys.stderr)
        return NOT_CHECKED
    files = [part for name in lock_files for part in ("--requirement", name)]
    command = [program, *_OPTIONS, "--strict", *files]
    return min(subprocess.run(command, check=False).returncode, 1)  # noqa: S603


def _answers(program: str, requirement: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "requirements.txt")
        file.write_text(requirement, encoding="utf-8")
        command = [program, *_OPTIONS, "--format", "json", "--requirement", str(file)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    try:
        (answer,) = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return False
    return "skip_reason" not in answer


if __name__ == "__main__":
    main()
