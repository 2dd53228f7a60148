"""Memory with nothing going on: the gateway, and everything it started, by open connections."""

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from tools.benchmarks.client import HANDSHAKES, Client, connected, text_frame
from tools.benchmarks.figures import Figure, Result, compared
from tools.benchmarks.machine import allow_open_files
from tools.benchmarks.processes import descendants, resident_mib
from tools.benchmarks.targets import (
    AIOHTTP_ECHO,
    WEBSOCKETS_ECHO,
    Target,
    bare_echo,
    bot,
    small_gateway,
)

STEPS = (0, 1_000)
SPARE_FILES = 500
KIB_PER_MIB = 1024

# What a burst of handshakes leaves to be freed, and to be collected, takes a moment.
_SETTLE_SECONDS = 0.5
# Long enough for the `$disconnect` of every connection.
_DROP_SECONDS = 5.0

PER_CONNECTION = "memory per idle connection"

type Start = Callable[[], AbstractContextManager[Target]]


@contextmanager
def _gateway() -> Iterator[Target]:
    with small_gateway() as targets:
        yield targets[0]


def run(*, quick: bool) -> Result:
    """Start each target anew for each sample: memory that was used once is rarely given back."""
    targets: tuple[Start, ...] = (
        lambda: bare_echo("websockets", WEBSOCKETS_ECHO),
        lambda: bare_echo("aiohttp", AIOHTTP_ECHO),
        _gateway,
        bot,
    )
    return Result(
        name="idle_memory",
        figures=compared(memory_figures(targets, starts=1), WEBSOCKETS_ECHO, AIOHTTP_ECHO),
        notes=[
            "Resident memory; `all processes` adds the AWS services and the execution "
            "environments, where shared pages count once for each process.",
            "0 connections: after one that had a message answered. Then the others are opened, "
            f"{HANDSHAKES} handshakes at a time.",
            "One start of each, since a thousand handshakes of the bot take half a minute: between "
            "two starts a program's own memory differed by less than 1 %.",
        ],
    )


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
