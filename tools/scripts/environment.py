"""Installs pinned packages into an environment of their own.

Usage: python -m tools.scripts.environment FOLDER REQUIREMENTS

`.venv-uv` is made with venv and pip and contains uv, which makes all other environments.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

UV_FOLDER = Path(".venv-uv")
UV = UV_FOLDER / "bin/uv"
# uv does not read pip's configuration, so it gets pip's index settings from here.
_UV_VARIABLES = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
_UV_CONFIGURED = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_CONFIG_FILE")
_SETTING = re.compile(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", re.MULTILINE)


def main() -> None:
    """Create or update one environment."""
    folder, requirements = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        with step(f"Installing {requirements} into {folder}"):
            if folder == UV_FOLDER:
                install_with_pip(folder, requirements)
            else:
                install_with_uv(folder, requirements)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)


@contextmanager
def step(description: str) -> Iterator[None]:
    """Print a line of progress: what is done, and how long it took."""
    print(f"{description} …", end=" ", flush=True)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - started:.1f} s", flush=True)


def install_with_pip(folder: Path, requirements: Path) -> None:
    """Install into an environment with pip, which every Python brings along."""
    if not has_this_python(folder):
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
    pip = (str(folder / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check")
    _run(*pip, "-qq", "--require-hashes", "--requirement", str(requirements))


def install_with_uv(folder: Path, requirements: Path) -> None:
    """Install into an environment with uv; another Python's environment is replaced."""
    # uv looks for the interpreter that is named, and for no other.
    environment = {**uv_environment(os.environ), "UV_PYTHON_DOWNLOADS": "never"}
    if not has_this_python(folder):
        options = ["--quiet", "--clear", "--python", sys.executable]
        _run(str(UV), "venv", *options, str(folder), environment=environment)
    options = ["--quiet", "--require-hashes", "--python", str(folder / "bin/python")]
    files = ["--requirements", str(requirements)]
    _run(str(UV), "pip", "install", *options, *files, environment=environment)


def has_this_python(folder: Path) -> bool:
    """Whether the environment exists and has the very version that runs this script."""
    command = [str(folder / "bin/python"), "-c", "import sys; print(sys.version)"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return False
    return done.stdout.rstrip("\n") == sys.version


def uv_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv, with the index and the certificates that pip is configured with."""
    added = {}
    if not any(name in environment for name in _UV_CONFIGURED):
        for name, value in pip_settings().items():
            variable = _UV_VARIABLES.get(name)
            if variable is not None and variable not in environment:
                added[variable] = value
    return {**environment, **added}


def pip_settings() -> dict[str, str]:
    """What pip's configuration files and variables say."""
    command = [str(UV_FOLDER / "bin/python"), "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return dict(_SETTING.findall(done.stdout))


def _run(*command: str, environment: Mapping[str, str] | None = None) -> None:
    subprocess.run(command, env=environment, check=True)  # noqa: S603


if __name__ == "__main__":
    main()
