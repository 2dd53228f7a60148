"""The packages that a function's `requirements.txt` names and that are not there.

`sam build` puts them beside the code. Here they are installed once, into a directory of their own
beside the template, `.local_gateway/packages/{digest}`: not into the gateway's environment, which
other functions and the AWS services share.
"""

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

from local_gateway.core.model import LambdaFunction, Layer

REQUIREMENTS = "requirements.txt"
_UV_OF_THE_PROJECT = Path(__file__).parents[3] / ".venv-uv" / "bin" / "uv"
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?\s*(?:==\s*([^\s;*,]+))?")
_EXTENSION = re.compile(r"\.cpython-(3)(\d+)\w*-([\w-]+)\.so")


@dataclass(frozen=True, slots=True)
class FunctionPackages:
    """Completes functions; `warn` takes warnings and `say` takes what a person waits for."""

    directory: Path
    warn: Callable[[str], None]
    say: Callable[[str], None]

    def complete(self, function: LambdaFunction) -> LambdaFunction:
        """The function, with a last layer of the packages that were missing."""
        layers: list[Layer] = []
        for root in dict.fromkeys([function.code, *(layer.path for layer in function.layers)]):
            for file in foreign_extensions(root):
                self.warn(
                    f"{function.logical_id}: {file} was built for another Python or machine than "
                    f"the gateway's, {_here()}: build it again for that"
                )
            requirements = root / REQUIREMENTS
            if requirements.is_file():
                layers += self._layers(function, requirements)
        return replace(function, layers=(*function.layers, *layers)) if layers else function

    def _layers(self, function: LambdaFunction, requirements: Path) -> Iterator[Layer]:
        roots = [function.code, *(root for layer in function.layers for root in layer.source_roots)]
        missing, other = unmet_requirements(requirements, roots)
        if missing:
            path = self._installed(function, requirements, missing)
            if path is not None:
                yield Layer(logical_id=REQUIREMENTS, path=path, source_roots=(path,))
            return
        for wanted, installed in other:
            self.warn(
                f"{function.logical_id}: {requirements} names {wanted}; here the gateway's own "
                f"version {installed} is used"
            )

    def _installed(
        self, function: LambdaFunction, requirements: Path, missing: Sequence[str]
    ) -> Path | None:
        digest = hashlib.sha256(requirements.read_bytes() + _here().encode()).hexdigest()[:16]
        path = self.directory / digest
        if path.is_dir():
            return path
        command = installer()
        names = ", ".join(missing)
        if command is None:
            self.warn(f"{function.logical_id}: {names} cannot be installed: there is no uv or pip")
            return None
        self.say(f"Installing {names} for {function.logical_id}, from {requirements}")
        started = time.monotonic()
        scratch = self.directory / f"{digest}.part"
        shutil.rmtree(scratch, ignore_errors=True)
        finished = subprocess.run(  # noqa: S603 - our own command
            [*command, "--target", scratch, "-r", requirements],
            cwd=requirements.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            reason = " ".join((finished.stderr or finished.stdout).split())[-300:]
            self.warn(f"{function.logical_id}: {names} cannot be installed: {reason}")
            return None
        scratch.rename(path)
        self.say(f"Installed in {time.monotonic() - started:.1f} s")
        return path


def installer() -> list[str] | None:
    """The command that installs packages: uv, or else pip."""
    uv = shutil.which("uv") or (str(_UV_OF_THE_PROJECT) if _UV_OF_THE_PROJECT.exists() else None)
    if uv is not None:
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    if importlib.util.find_spec("pip") is not None:
        options = ["--quiet", "--disable-pip-version-check", "--no-input"]
        return [sys.executable, "-m", "pip", "install", *options]
    return None


def unmet_requirements(
    requirements: Path, roots: Sequence[Path]
) -> tuple[list[str], list[tuple[str, str]]]:
    """The names that are not installed, and what is installed in another version.

    Only `==` is compared. A line with an environment marker may not be for this machine, so it is
    left to the installer.
    """
    beside = {_normal(item.name) for item in distributions(path=[str(root) for root in roots])}
    missing: list[str] = []
    other: list[tuple[str, str]] = []
    text = requirements.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    for line in text.splitlines():
        match = _NAME.match(line.strip())
        if match is None or ";" in line or _normal(match[1]) in beside:
            continue
        try:
            installed = version(match[1])
        except PackageNotFoundError:
            missing.append(match[1])
            continue
        if match[2] is not None and match[2] != installed:
            other.append((f"{match[1]}=={match[2]}", installed))
    return missing, other


def foreign_extensions(root: Path) -> Iterator[Path]:
    """The first compiled module in a directory that this interpreter cannot import."""
    own = sysconfig.get_config_var("EXT_SUFFIX") or ""
    for pattern in ("*.so", "*/*.so", "*/*/*.so"):
        for file in sorted(root.glob(pattern)):
            if _EXTENSION.search(file.name) and not file.name.endswith(own):
                yield file
                return


def _here() -> str:
    return f"Python {sys.version_info.major}.{sys.version_info.minor} ({sysconfig.get_platform()})"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
