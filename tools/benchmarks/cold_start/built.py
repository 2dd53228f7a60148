"""The stack as `sam build` makes it, packed and unpacked as on its way to Lambda."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from tools.benchmarks.processes import ROOT, BenchmarkError

_SAM = ROOT / ".venv-sam/bin/sam"
_LAYERS = ("DependenciesLayer", "SapaLayer")
# What `sam package` gives every entry, whatever the file's own time.
_DATE = (1980, 1, 1, 0, 0, 0)


class BuiltStack:
    """`opt` is what the layers are unpacked to, `with_bytecode` or without; functions have a root.

    Raises `BenchmarkError` when the stack cannot be built.
    """

    def __init__(self, directory: Path) -> None:
        built = directory / "built"
        _build(built, directory / "cache")
        self.opt = directory / "opt"
        self._tasks = directory / "tasks"
        for artifact in sorted(path for path in built.iterdir() if path.is_dir()):
            target = self.opt if artifact.name in _LAYERS else self._tasks / artifact.name
            _through_zip(artifact, target, directory / "artifact.zip")
        self.opt_without_bytecode = directory / "opt-without"
        shutil.copytree(
            self.opt, self.opt_without_bytecode, ignore=shutil.ignore_patterns("__pycache__")
        )

    def task_root(self, logical_id: str) -> Path:
        """What a function is unpacked to."""
        return self._tasks / logical_id


def _build(target: Path, cache: Path) -> None:
    if not _SAM.exists():
        raise BenchmarkError("sam is not installed; `make build` installs it")
    command = [str(_SAM), "build", "--build-dir", str(target), "--cache-dir", str(cache)]
    finished = subprocess.run(
        command,
        cwd=ROOT,
        env={
            **os.environ,  # noqa: TID251 - passed on, not read
            "SAM_CLI_TELEMETRY": "0",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise BenchmarkError(f"sam build: {finished.stderr[-2000:]}")


def _through_zip(source: Path, target: Path, archive: Path) -> None:
    """Pack as `sam package` does and unpack as Lambda does: the times of files are lost."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(path for path in source.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(source)), _DATE)
            packed.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(target)
    for file in target.rglob("*"):
        os.utime(file, (315_532_800, 315_532_800))
