"""`python -m tools.benchmarks [NAME…] [--quick] [--peers]`, or `… report`."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from tools.benchmarks import peers, round_trip
from tools.benchmarks.cold_start import benchmark as cold_start
from tools.benchmarks.fan_out import benchmark as fan_out
from tools.benchmarks.figures import Result
from tools.benchmarks.hot_path import benchmark as hot_path
from tools.benchmarks.machine import this_machine
from tools.benchmarks.processes import BenchmarkError
from tools.benchmarks.report import render, write_page

BENCHMARKS: dict[str, Callable[..., Result]] = {
    "round_trip": round_trip.run,
    "cold_start": cold_start.run,
    "hot_path": hot_path.run,
    "fan_out": fan_out.run,
}
# Installs what it compares with, so it runs only when it is asked for.
PEERS = "peers"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks one after the other: print their tables, write their results."""
    options = _parser().parse_args(arguments)
    if options.names[:1] == ["report"]:
        print(f"written: {write_page()}")
        return 0
    names = options.names or list(BENCHMARKS)
    try:
        for name in dict.fromkeys([*names, *([PEERS] if options.peers else [])]):
            _run(name, quick=options.quick)
    except BenchmarkError as error:
        print("\n".join([*getattr(error, "__notes__", ()), f"{name}: {error}"]), file=sys.stderr)
        return 1
    if not options.names:
        # All of them were measured, so the page can show this run.
        print(f"written: {write_page()}")
    return 0


def _run(name: str, *, quick: bool) -> None:
    machine = this_machine()
    print(f"{name}…", flush=True)
    begun = time.perf_counter()
    run = peers.run if name == PEERS else BENCHMARKS[name]
    result = run(quick=quick)
    path = result.write(machine, quick=quick)
    print(f"\n{render(result.figures)}\n")
    for note in result.notes:
        print(f"- {note}")
    print(f"- {time.perf_counter() - begun:.0f} s; {path.parent.name}/{path.name}\n", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="Measure the bot and the local gateway."
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        choices=[*BENCHMARKS, PEERS, "report"],
        help=f"{', '.join(BENCHMARKS)}; default: all of them. `report` writes the page.",
    )
    parser.add_argument("--quick", action="store_true", help="few samples, for a first look")
    parser.add_argument(
        "--peers", action="store_true", help="compare with serverless-offline too (needs npm)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
