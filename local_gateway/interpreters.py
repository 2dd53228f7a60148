"""The languages that functions run in here, and the programs on this machine that run them."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

type LanguageName = Literal["python", "node"]

_RUNTIMES: dict[LanguageName, re.Pattern[str]] = {
    "python": re.compile(r"python3\.\d+"),
    "node": re.compile(r"nodejs(\d+\.(x|\d+))?"),
}


def language_of(runtime: str) -> LanguageName | None:
    """The language of a `Runtime`; None for those that do not run here."""
    return next((name for name, form in _RUNTIMES.items() if form.fullmatch(runtime)), None)


@dataclass(frozen=True, slots=True)
class NodeInterpreter:
    """An installed Node.js; `path` is the program itself, not a version manager's script."""

    path: Path
    version: tuple[int, int, int]

    def __str__(self) -> str:
        major, minor, _ = self.version
        return f"Node.js {major}.{minor}"


def find_node() -> NodeInterpreter | None:
    """The Node.js of PATH; None if there is none that runs."""
    path = shutil.which("node")
    return _node_at(path) if path is not None else None


def runs_typescript(runtime: str) -> bool:
    """Whether a runtime of Node.js runs TypeScript on AWS, and so does the Node.js here."""
    node, match = find_node(), re.match(r"nodejs(\d+)", runtime)
    is_new = match is not None and int(match[1]) >= 24
    return is_new and node is not None and node.version >= (22, 18, 0)


def find_esbuild(directory: Path) -> Path | None:
    """The esbuild of the nearest `node_modules`, or that of PATH."""
    name = "esbuild.cmd" if sys.platform == "win32" else "esbuild"
    for folder in (directory, *directory.parents):
        program = folder / "node_modules" / ".bin" / name
        if program.exists():
            return program
    path = shutil.which("esbuild")
    return Path(path) if path is not None else None


def built_by_sam(project: Path, logical_id: str) -> Path | None:
    """Where `sam build` has put a function's code, if it has."""
    directory = project / ".aws-sam" / "build" / logical_id
    return directory if directory.is_dir() else None


@cache
def _node_at(path: str) -> NodeInterpreter | None:
    match = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)\S*", _output(path, "--version"))
    if match is None:
        return None
    program = Path(path).resolve()
    with program.open("rb") as file:
        if file.read(2) == b"#!":  # a version manager's: it needs the user's environment
            program = Path(_output(path, "--print", "process.execPath"))
    return NodeInterpreter(program, (int(match[1]), int(match[2]), int(match[3])))


def _output(*command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the user's own program
            command, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip()
