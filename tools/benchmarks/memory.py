"""Memory with nothing going on: a server, and everything it started, by open connections."""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack

from tools.benchmarks.client import Client, connected, text_frame
from tools.benchmarks.figures import Figure
from tools.benchmarks.machine import allow_open_files
from tools.benchmarks.processes import descendants, resident_mib
from tools.benchmarks.targets import Target

STEPS = (0, 1_000)
SPARE_FILES = 500
KIB_PER_MIB = 1024

# What a burst of handshakes leaves to be freed, and to be collected, takes a moment.
_SETTLE_SECONDS = 0.5
# Long enough for the `$disconnect` of every connection.
_DROP_SECONDS = 5.0

PER_CONNECTION = "memory per idle connection"

type Start = Callable[[], AbstractContextManager[Target]]


def memory_figures(targets: Sequence[Start], *, starts: int) -> list[Figure]:
    """Weigh each target `starts` times; raises `SystemExit` where that is impossible."""
    if sys.platform != "linux":
        raise SystemExit("memory is read from /proc, which only Linux has")
    allow_open_files(STEPS[-1] + SPARE_FILES)
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(starts):
        for target in targets:
            with target() as running:
                _measure(running, found)
    measures = dict.fromkeys(measure for measure, _ in found)
    return [
        Figure.of(name, subject, "KiB" if name == PER_CONNECTION else "MiB", samples)
        for name in measures
        for (measure, subject), samples in found.items()
        if measure == name
    ]


def _measure(target: Target, found: dict[tuple[str, str], list[float]]) -> None:
    client = Client(target.url, target.cookie).open()
    client.ask(text_frame(target.message), target.answer)
    client.close()
    own: list[float] = []
    with ExitStack() as stack:
        opened = 0
        for count in STEPS:
            stack.enter_context(connected(target.url, count - opened, target.cookie))
            opened = count
            time.sleep(_SETTLE_SECONDS)
            own.append(_weigh(target, f"{count:,} idle connections", found))
    grown = own[-1] - own[0]
    found[PER_CONNECTION, target.subject].append(grown * KIB_PER_MIB / STEPS[-1])
    time.sleep(_DROP_SECONDS)
    _weigh(target, f"{STEPS[-1]:,} connections dropped at once", found)


def _weigh(target: Target, when: str, found: dict[tuple[str, str], list[float]]) -> float:
    """The server's own memory in MiB."""
    pid = target.program.pid
    own = resident_mib([pid])
    found[f"memory, {when}", target.subject].append(own)
    found[f"memory, {when}, all processes", target.subject].append(resident_mib(descendants(pid)))
    return own
