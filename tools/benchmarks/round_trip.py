"""How long a message takes to its answer, and how many messages 20 connections get answered."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tools.benchmarks.client import Client, connected, rates, round_trips, text_frame
from tools.benchmarks.figures import Figure, Result, compared
from tools.benchmarks.machine import one_core
from tools.benchmarks.processes import descendants, processor_us
from tools.benchmarks.targets import AIOHTTP_ECHO, WEBSOCKETS_ECHO, Target, everything

CONNECTIONS = 20
ROUND_TRIP = "round trip, one connection"
OWN_TIME = "processor time per message, server"
TOTAL_TIME = "processor time per message, all processes"

type Samples = dict[tuple[str, str], list[float]]

_UNITS = {ROUND_TRIP: "ms", OWN_TIME: "µs", TOTAL_TIME: "µs"}
_PART = 50

_WARM_MESSAGES = 200
_WARM_AGAIN_MESSAGES = 20
# Under load environments are started until there are enough: seconds of CPU that come once.
_WARM_SECONDS = 2.0
_SLICES_PER_SECOND = 4


def run(*, quick: bool) -> Result:
    """Measure the bare echoes, the gateway with two handlers, and the bot."""
    seconds = 1.0 if quick else 2.0
    with one_core() as note, everything() as targets:
        trips = measure_round_trips(
            targets, rounds=2 if quick else 4, messages=150 if quick else 400
        )
        on_one_core = measure_rates(targets, seconds=seconds)
    with everything() as targets:
        on_all_cores = measure_rates(targets, seconds=seconds)
    figures = [
        *trips,
        *rate_figures("one core", on_one_core),
        *rate_figures("all cores", on_all_cores),
    ]
    return Result(
        name="round_trip",
        figures=compared(figures, WEBSOCKETS_ECHO, AIOHTTP_ECHO),
        notes=[
            f"Unless a table says otherwise: {note}.",
            "Each connection has one message in flight.",
        ],
    )


def measure_round_trips(targets: Sequence[Target], *, rounds: int, messages: int) -> list[Figure]:
    """Milliseconds to the answer, and microseconds of processor time that a message takes.

    In turns, so that what disturbs the machine disturbs all.
    """
    samples: Samples = defaultdict(list)
    for turn in range(rounds):
        for target in targets:
            warm = _WARM_AGAIN_MESSAGES if turn else _WARM_MESSAGES
            client = Client(target.url, target.cookie).open()
            round_trips(client, text_frame(target.message), target.answer, warm)
            for _ in range(messages // _PART):
                _measure_part(target, client, samples)
            client.close()
    return [
        Figure.of(measure, subject, _UNITS[measure], values)
        for measure in _UNITS
        for (measured, subject), values in samples.items()
        if measured == measure
    ]


def _measure_part(target: Target, client: Client, samples: Samples) -> None:
    pid = target.program.pid
    everything = descendants(pid)
    own, total = processor_us([pid]), processor_us(everything)
    frame = text_frame(target.message)
    samples[ROUND_TRIP, target.subject] += round_trips(client, frame, target.answer, _PART)
    if total:
        samples[OWN_TIME, target.subject].append((processor_us([pid]) - own) / _PART)
        samples[TOTAL_TIME, target.subject].append((processor_us(everything) - total) / _PART)


def measure_rates(targets: Sequence[Target], *, seconds: float) -> dict[str, list[float]]:
    """Messages a second by subject, each sample a part of a second."""
    samples = {}
    for target in targets:
        frame = text_frame(target.message)
        with connected(target.url, CONNECTIONS, target.cookie) as clients:
            rates(clients, frame, target.answer, seconds=_WARM_SECONDS, slices=1)
            slices = max(5, int(seconds * _SLICES_PER_SECOND))
            samples[target.subject] = rates(
                clients, frame, target.answer, seconds=seconds, slices=slices
            )
    return samples


def rate_figures(where: str, samples: Mapping[str, Sequence[float]]) -> list[Figure]:
    """The figures of `measure_rates`; `where` names the cores."""
    measure = f"messages answered, {CONNECTIONS} connections, {where}"
    return [
        Figure.of(measure, subject, "messages/s", values) for subject, values in samples.items()
    ]
