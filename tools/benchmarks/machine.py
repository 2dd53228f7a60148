"""The machine: what it is, one of its cores, and how many files a process may open on it."""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = (
    "aiohttp",
    "aws-lambda-powertools",
    "aws-xray-sdk",
    "awslambdaric",
    "boto3",
    "moto",
    "pydantic",
    "urllib3",
    "websockets",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What figures depend on; `load` is the load average when the run began, `None` if unknown."""

    system: str
    cores: int
    load: float | None
    python: str
    versions: dict[str, str]


def this_machine() -> Machine:
    """The machine and the versions that matter."""
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        load=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        python=platform.python_version(),
        versions={name: _version(name) for name in _PACKAGES},
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@contextmanager
def one_core() -> Iterator[str]:
    """Keep this process, and what it starts meanwhile, on one core; yields a note for the result.

    A wake-up on another core costs more than a round trip of a bare server, so that without this
    the scheduler's choices would be measured.
    """
    if sys.platform != "linux":
        yield "not pinned to one core: this system cannot, so fast servers look slower"
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield "client and servers on one core"
    finally:
        os.sched_setaffinity(0, allowed)


def allow_open_files(wanted: int) -> None:
    """Raise the soft limit on open files, which child processes inherit.

    Raises `SystemExit` with the remedy when the hard limit is lower.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard not in {resource.RLIM_INFINITY} and hard < wanted:
        raise SystemExit(f"{wanted} open files are needed, but `ulimit -Hn` is {hard}: raise it")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
