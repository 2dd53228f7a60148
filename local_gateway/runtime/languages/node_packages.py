"""The npm packages that Node.js functions need and that are not there.

`sam build` puts those of a `package.json` beside the code. Here they are installed once, into
`.local_gateway/packages/{digest}` beside the template. On AWS the runtime brings the AWS SDK: here
the packages of it that the code names are installed once for all templates, into the user's cache.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local_gateway.core.model import LambdaFunction
from local_gateway.interpreters import find_node
from local_gateway.runtime.languages.node import (
    LAST_WITH_SDK_2,
    package_directories,
    runtime_version,
)

PACKAGE = "package.json"
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_SOURCES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_MOST_BYTES = 2_000_000
# Without a network npm would try for more than a minute.
_RETRIES = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")
_SDK_IMPORT = re.compile(
    r"""\b(?:from|import|require\s*\(|import\s*\()\s*["'`]"""
    r"""(@aws-sdk/[\w.-]+|@smithy/[\w.-]+|aws-sdk)["'`/]"""
)


@dataclass(frozen=True, slots=True)
class NodePackages:
    """Completes functions; `warn` takes warnings and `say` takes what a person waits for.

    `directory` is this template's cache, `shared` that of all templates.
    """

    directory: Path
    shared: Path
    warn: Callable[[str], None]
    say: Callable[[str], None]

    def complete(self, functions: Mapping[str, LambdaFunction]) -> dict[str, LambdaFunction]:
        """The functions, with the directories of the packages that were missing."""
        completed = {name: self._with_dependencies(item) for name, item in functions.items()}
        roots = {root for function in completed.values() for root in _roots(function)}
        named = {root: frozenset(imported_sdk_packages(root)) for root in roots}
        wanted = {name: sdk_packages(function, named) for name, function in completed.items()}
        packages = sorted({package for names in wanted.values() for package in names})
        sdk = self._sdk(packages) if packages else None
        if sdk is not None:
            for name in (name for name, names in wanted.items() if names):
                function = completed[name]
                node_modules = (*function.node_modules, sdk)
                completed[name] = replace(function, node_modules=node_modules)
        return completed

    def _with_dependencies(self, function: LambdaFunction) -> LambdaFunction:
        roots = [function.code, *(_layer_root(layer.path) for layer in function.layers)]
        for root in roots:
            package = nearest_package(root, self.directory.parents[1])
            missing = missing_dependencies(function, package) if package is not None else []
            if package is not None and missing:
                installed = self._installed(function, package, missing)
                if installed is not None:
                    node_modules = (*function.node_modules, installed)
                    function = replace(function, node_modules=node_modules)
        return function

    def _installed(
        self, function: LambdaFunction, package: Path, missing: Sequence[str]
    ) -> Path | None:
        content = _portable(package)
        locks = [package.with_name(name) for name in _LOCKS if package.with_name(name).is_file()]
        lock = locks[0] if locks and not _has_local_packages(content) else None
        parts = [json.dumps(content), lock.read_text(encoding="utf-8") if lock else "", _here()]
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        return self._install(
            self.directory / digest,
            content,
            [lock] if lock is not None else [],
            f"{_listed(missing)} for {function.logical_id}, from {package}",
        )

    def _sdk(self, packages: Sequence[str]) -> Path | None:
        """A directory that has the packages, perhaps together with others."""
        for file in sorted(self.shared.glob(f"aws-sdk-*/{PACKAGE}")):
            if set(packages) <= _read(file).get("dependencies", {}).keys():
                return file.parent / "node_modules"
        digest = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:16]
        content = {"private": True, "dependencies": {name: _version(name) for name in packages}}
        return self._install(
            self.shared / f"aws-sdk-{digest}",
            content,
            [],
            f"{_listed(packages)}, which the runtime brings on AWS",
        )

    def _install(
        self, path: Path, content: Mapping[str, Any], locks: Sequence[Path], what: str
    ) -> Path | None:
        if path.is_dir():
            return path / "node_modules"
        npm = shutil.which("npm")
        if npm is None:
            self.warn(f"cannot install {what}: there is no `npm` in PATH")
            return None
        self.say(f"Installing {what}")
        started = time.monotonic()
        scratch = path.with_name(f"{path.name}.{os.getpid()}.part")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        (scratch / PACKAGE).write_text(json.dumps(content), encoding="utf-8")
        for lock in locks:
            shutil.copy(lock, scratch)
        problem = _run_npm(npm, "ci" if locks else "install", scratch)
        if problem is not None and locks:  # the lock file does not fit the package.json
            problem = _run_npm(npm, "install", scratch)
        if problem is not None:
            self.warn(f"cannot install {what}: {problem}")
            shutil.rmtree(scratch, ignore_errors=True)
            return None
        try:
            scratch.rename(path)
        except OSError:  # another gateway was faster
            shutil.rmtree(scratch, ignore_errors=True)
        self.say(f"Installed in {time.monotonic() - started:.1f} s")
        return path / "node_modules"


def user_cache() -> Path:
    """Where programs of this user keep what they can fetch again."""
    home = Path.home()
    if (given := _variable("XDG_CACHE_HOME")) is not None:
        base = Path(given)
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(_variable("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        base = home / ".cache"
    return base / "sapa-local-gateway"


def sdk_packages(function: LambdaFunction, named: Mapping[Path, frozenset[str]]) -> set[str]:
    """The packages of the AWS SDK that the code names, the runtime brings and nothing here has.

    `named` are those that each directory's code names.
    """
    is_old = runtime_version(function.runtime) <= LAST_WITH_SDK_2
    return {
        name
        for name in frozenset().union(*(named[root] for root in _roots(function)))
        if (name == "aws-sdk") == is_old and not is_installed(function, name)
    }


def _roots(function: LambdaFunction) -> list[Path]:
    return [function.code, *(layer.path for layer in function.layers)]


def imported_sdk_packages(root: Path) -> Iterator[str]:
    """What the sources in a directory import of the AWS SDK, both versions."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != "node_modules" and name[0] != "."]
        for name in files:
            file = Path(folder, name)
            if name.endswith(_SOURCES) and file.stat().st_size <= _MOST_BYTES:
                yield from _SDK_IMPORT.findall(file.read_text(encoding="utf-8", errors="replace"))


def is_installed(function: LambdaFunction, name: str) -> bool:
    """Whether the function's code can import a package."""
    beside = (parent / "node_modules" for parent in (function.code, *function.code.parents))
    return any((path / name).is_dir() for path in (*beside, *package_directories(function)))


def nearest_package(directory: Path, project: Path) -> Path | None:
    """The `package.json` that counts for a directory, at most up to that of the template."""
    for folder in (directory, *directory.parents):
        if (folder / PACKAGE).is_file():
            return folder / PACKAGE
        if folder == project:
            break
    return None


def missing_dependencies(function: LambdaFunction, package: Path) -> list[str]:
    """The dependencies that are not installed."""
    names = _read(package).get("dependencies") or {}
    folders = [folder / "node_modules" for folder in (package.parent, *package.parent.parents)]
    return [
        name
        for name in names
        if not is_installed(function, name)
        and not any((folder / name).is_dir() for folder in folders)
    ]


def _layer_root(path: Path) -> Path:
    """Where a layer has its `package.json`: in `nodejs`, or in an unbuilt one itself."""
    return path / "nodejs" if (path / "nodejs").is_dir() else path


def _portable(package: Path) -> dict[str, Any]:
    """A `package.json` that can be installed elsewhere: its scripts are for where it is."""
    content = _read(package)
    dependencies = {
        name: f"file:{(package.parent / wanted[5:]).resolve()}"
        if str(wanted).startswith("file:")
        else wanted
        for name, wanted in (content.get("dependencies") or {}).items()
    }
    kept: dict[str, Any] = {
        key: content[key] for key in ("name", "version", "overrides") if key in content
    }
    return {**kept, "private": True, "dependencies": dependencies}


def _has_local_packages(content: Mapping[str, Any]) -> bool:
    return any(str(wanted).startswith("file:") for wanted in content["dependencies"].values())


def _run_npm(npm: str, command: str, directory: Path) -> str | None:
    """Install into a directory; returns why it failed."""
    finished = subprocess.run(  # noqa: S603 - our own command
        [npm, command, "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error", *_RETRIES],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode == 0:
        return None
    lines = (finished.stderr or finished.stdout).replace("npm error", "").split()
    return " ".join(lines)[:300]


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _version(package: str) -> str:
    return "2" if package == "aws-sdk" else "latest"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"


def _here() -> str:
    node = find_node()
    return f"{node and node.version[0]} {sys.platform} {platform.machine()}"


def _variable(name: str) -> str | None:
    return os.environ.get(name)  # noqa: TID251 - the user's own, which the system defines
