"""One event to many connections: our sender against what else could post it."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sapa.stores.management_api import THREADS
from tools.benchmarks.fan_out.audience import Audience, audience
from tools.benchmarks.fan_out.senders import (
    BARE,
    BARE_POOL,
    LOOP,
    OURS,
    POOL,
    SOCKET,
    Send,
    senders,
)
from tools.benchmarks.figures import Figure, Result, compared
from tools.benchmarks.machine import allow_open_files, one_core
from tools.benchmarks.processes import ROOT, python
from tools.benchmarks.references import SLOW_SECONDS
from tools.benchmarks.targets import gateway, port_of

TEMPLATE = ROOT / "tools/benchmarks/handlers/fan_out.yaml"
FRAME = '{"$channel":"chat:lobby","$sequence":1042,"$sent_at":1764000000000,"text":"Hai, semua!"}'
SPARE_FILES = 500
MS, US = 1e3, 1e6
LAST_DELIVERY = "an event's time to the last delivery by connections"

_WARM_POSTS = 256

# By measure, subject, unit, and size if it has one.
type Samples = dict[tuple[str, str, str, int | None], list[float]]


def run(*, quick: bool) -> Result:
    """Measure the senders in turns: against sinks, which cost little, then through the gateway."""
    sizes = (10, 100, 1_000) if quick else (10, 100, 1_000, 10_000)
    samples: Samples = defaultdict(list)
    with one_core() as note:
        _measure_sinks(samples, posts=500 if quick else 1_000, rounds=2 if quick else 3)
    _measure_gateway(samples, sizes, rounds=2 if quick else 3)
    figures = [
        Figure.of(measure, subject, unit, values, size=size)
        for wanted in dict.fromkeys(measure for measure, *_ in samples)
        for (measure, subject, unit, size), values in samples.items()
        if measure == wanted
    ]
    return Result(
        name="fan_out",
        figures=compared(figures, POOL, BARE, SOCKET),
        notes=[
            f"Sinks: {note}. Through the gateway: all cores, which sender, gateway and clients "
            "share, so there the gateway is most of it.",
            f"Frame: {len(FRAME)} bytes. Our sender and the pools: {THREADS} threads.",
            "Bare HTTP: http.client, kept alive, without a signature. Bare socket: ready-made "
            "bytes, and of the answer only the status is read.",
            "Processor time is the sender's process alone, all its threads.",
        ],
    )


def _measure_sinks(samples: Samples, *, posts: int, rounds: int) -> None:
    ids = [f"sink-{number:06}=" for number in range(posts)]
    waits = f"a sink that takes {SLOW_SECONDS * MS:.0f} ms"
    with _sink("sink") as quick_sink, senders(quick_sink) as methods:
        for send in methods.values():
            send(FRAME, ids[:_WARM_POSTS])
        for _ in range(rounds):
            for subject, send in methods.items():
                seconds, processor = _timed(send, ids)
                samples["posts to a sink", subject, "posts/s", None].append(posts / seconds)
                samples["processor time per post to a sink", subject, "µs", None].append(
                    processor / posts * US
                )
    with _sink("slow_sink") as slow_sink, senders(slow_sink) as methods:
        # One after the other the wait alone decides.
        for send in (methods[OURS], methods[POOL], methods[BARE_POOL]):
            send(FRAME, ids[:_WARM_POSTS])
        for _ in range(rounds):
            for subject in (OURS, POOL, BARE_POOL):
                seconds, _ = _timed(methods[subject], ids)
                samples[f"posts to {waits}", subject, "posts/s", None].append(posts / seconds)


def _measure_gateway(samples: Samples, sizes: Sequence[int], *, rounds: int) -> None:
    most = max(sizes)
    allow_open_files(most + SPARE_FILES)
    with gateway(str(TEMPLATE)) as program:
        host = f"127.0.0.1:{port_of(program.wait_for('Ready'))}"
        with audience(f"ws://{host}/ws", most) as clients, senders(f"http://{host}/ws") as methods:
            for send in methods.values():
                _delivered(clients, min(_WARM_POSTS, most), send)
            for size in sizes:
                for _ in range(2 if size == most else rounds):
                    for subject, send in methods.items():
                        # Half a minute for the most, and a pool of them is no faster.
                        if subject != LOOP or size != most:
                            _sample(samples, clients, size, subject, send)


def _sample(samples: Samples, clients: Audience, size: int, subject: str, send: Send) -> None:
    seconds, processor = _delivered(clients, size, send)
    samples[LAST_DELIVERY, subject, "ms", size].append(seconds * MS)
    samples["posts of an event", subject, "posts/s", size].append(size / seconds)
    samples["processor time per post of an event", subject, "µs", size].append(
        processor / size * US
    )


def _delivered(clients: Audience, size: int, send: Send) -> tuple[float, float]:
    """Seconds until the last client has the frame, and of the sender's processor time."""
    clients.expect(size, FRAME)
    begun = time.monotonic()
    _, processor = _timed(send, clients.ids[:size])
    return clients.last_delivery() - begun, processor


def _timed(send: Send, ids: Sequence[str]) -> tuple[float, float]:
    """Seconds, and seconds of processor time, of this process."""
    begun, used = time.monotonic(), time.process_time()
    send(FRAME, ids)
    return time.monotonic() - begun, time.process_time() - used


@contextmanager
def _sink(kind: str) -> Iterator[str]:
    with python("-m", "tools.benchmarks.references", kind) as program:
        yield f"http://127.0.0.1:{port_of(program.wait_for('Ready'))}/ws"
