"""The gateway's processor time for a message and for a handshake, beside another gateway's."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from tools.benchmarks.client import Client, round_trips, text_frame
from tools.benchmarks.machine import one_core
from tools.benchmarks.processes import Program, processor_us
from tools.benchmarks.targets import port_of
from tools.walk.trees import Tree

MESSAGE = "processor time of the gateway, a message"
HANDSHAKE = "processor time of the gateway, a handshake"

# The template and the handlers of the last tree serve all: only the gateways differ.
_TEMPLATE = "tools/benchmarks/handlers/template.yaml"
_STAGE = "signer"
_TEXT = '{"message": "Hai!"}'

_TURNS = 30
_WARM_MESSAGES = 300
_WARM_HANDSHAKES = 60
_MESSAGES = 50
_HANDSHAKES = 20


@dataclass(slots=True)
class _Gateway:
    tree: Tree
    program: Program
    url: str
    samples: dict[str, list[float]] = field(default_factory=dict)

    def messages(self, count: int) -> None:
        """Messages with their answers, one after the other."""
        client = Client(self.url).open()
        # What the handshake still does is not the messages'.
        round_trips(client, text_frame(_TEXT), _TEXT.encode(), 5)
        with self._timed(MESSAGE, count):
            round_trips(client, text_frame(_TEXT), _TEXT.encode(), count)
        client.close()

    def handshakes(self, count: int) -> None:
        """Handshakes, one after the other, without what closing the sockets takes."""
        with self._timed(HANDSHAKE, count):
            clients = [Client(self.url).open() for _ in range(count)]
        for client in clients:
            client.close()

    @contextmanager
    def _timed(self, measure: str, count: int) -> Iterator[None]:
        before = processor_us([self.program.pid])
        yield
        used = processor_us([self.program.pid]) - before
        self.samples.setdefault(measure, []).append(used / count)


def processor_times(trees: Sequence[Tree]) -> list[dict[str, str]]:
    """The medians for each tree, warm, in turns, on one core; and their ratio to the first."""
    template = trees[-1].root / _TEMPLATE
    with ExitStack() as stack:
        stack.enter_context(one_core())
        gateways = [stack.enter_context(_gateway(tree, str(template))) for tree in trees]
        for gateway in gateways:
            gateway.messages(_WARM_MESSAGES)
            gateway.handshakes(_WARM_HANDSHAKES)
            gateway.samples.clear()
        for _ in range(_TURNS):
            for gateway in gateways:
                gateway.messages(_MESSAGES)
            for gateway in gateways:
                gateway.handshakes(_HANDSHAKES)
    medians = [
        {measure: median(samples) for measure, samples in gateway.samples.items()}
        for gateway in gateways
    ]
    return [compared(times, medians[0]) for times in medians]


def compared(times: Mapping[str, float], base: Mapping[str, float]) -> dict[str, str]:
    """Microseconds, and how many times the base that is."""
    return {name: f"{us:.0f} µs ({us / base[name]:.2f} ×)" for name, us in times.items()}


@contextmanager
def _gateway(tree: Tree, template: str) -> Iterator[_Gateway]:
    with tree.gateway(f"--template={template}") as program:
        port = port_of(program.wait_for("Ready"))
        yield _Gateway(tree, program, f"http://127.0.0.1:{port}/{_STAGE}")
