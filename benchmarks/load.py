"""Round trips and rates of targets that run side by side, measured in turns."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from benchmarks.client import Client, connected, rates, round_trips, text_frame
from benchmarks.figures import Figure
from benchmarks.targets import Target

CONNECTIONS = 20
ROUND_TRIP = "round trip, one connection"

_WARM_MESSAGES = 200
_WARM_AGAIN_MESSAGES = 20
# Under load environments are started until there are enough: seconds of CPU that come once.
_WARM_SECONDS = 4.0
_SLICES_PER_SECOND = 4


def measure_round_trips(
    targets: Sequence[Target], *, rounds: int, messages: int
) -> dict[str, list[float]]:
    """Milliseconds by subject. In turns, so that what disturbs the machine disturbs all."""
    found: dict[str, list[float]] = defaultdict(list)
    for turn in range(rounds):
        for target in targets:
            client = Client(target.url, target.cookie).open()
            frame = text_frame(target.message)
            warm = _WARM_AGAIN_MESSAGES if turn else _WARM_MESSAGES
            round_trips(client, frame, target.answer, warm)
            found[target.subject] += round_trips(client, frame, target.answer, messages)
            client.close()
    return found


def measure_rates(targets: Sequence[Target], *, seconds: float) -> dict[str, list[float]]:
    """Messages a second by subject, each sample a part of a second."""
    found = {}
    for target in targets:
        frame = text_frame(target.message)
        with connected(target.url, CONNECTIONS, target.cookie) as clients:
            rates(clients, frame, target.answer, seconds=_WARM_SECONDS, slices=1)
            slices = max(5, int(seconds * _SLICES_PER_SECOND))
            found[target.subject] = rates(
                clients, frame, target.answer, seconds=seconds, slices=slices
            )
    return found


def rate_figures(where: str, samples: Mapping[str, Sequence[float]]) -> list[Figure]:
    """The figures of `measure_rates`; `where` tells the cores."""
    measure = f"messages answered, {CONNECTIONS} connections, {where}"
    return [
        Figure.of(measure, subject, "messages/s", values) for subject, values in samples.items()
    ]
