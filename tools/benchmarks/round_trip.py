"""How long a message takes to its answer, and how many messages 20 connections get answered."""

from tools.benchmarks.figures import Result, compared
from tools.benchmarks.load import measure_rates, measure_round_trips, rate_figures
from tools.benchmarks.machine import one_core
from tools.benchmarks.targets import AIOHTTP_ECHO, WEBSOCKETS_ECHO, everything


def run(*, quick: bool) -> Result:
    """Measure the bare echoes, the gateway with two handlers, and the bot."""
    seconds = 1.0 if quick else 2.0
    with one_core() as note, everything() as targets:
        trips = measure_round_trips(
            targets, rounds=2 if quick else 4, messages=150 if quick else 400
        )
        one = measure_rates(targets, seconds=seconds)
    with everything() as targets:
        many = measure_rates(targets, seconds=seconds)
    figures = [
        *trips,
        *rate_figures("one core", one),
        *rate_figures("all cores", many),
    ]
    return Result(
        name="round_trip",
        figures=compared(figures, WEBSOCKETS_ECHO, AIOHTTP_ECHO),
        notes=[
            f"Unless a table says otherwise: {note}.",
            "Each connection has one message in flight.",
        ],
    )
