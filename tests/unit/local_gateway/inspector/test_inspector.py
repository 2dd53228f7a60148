from local_gateway.app.observers import Observer
from local_gateway.core.invocation import Succeeded
from local_gateway.inspector.inspector import BASE_BYTES, MAX_COUNTED, Inspector
from local_gateway.inspector.ring import Ring
from local_gateway.inspector.traffic import Happening, LogLine, Run
from local_gateway.runtime.settings import Invocation
from local_gateway.server.interfaces import Direction, Entry

NOW = 1_700_000_000_000


def inspector(ring: Ring[Happening] | None = None) -> Inspector:
    return Inspector(lambda: NOW, ring)


def kept(inspector: Inspector) -> list[Happening]:
    return inspector.ring.after(0, max_items=10_000, max_bytes=10**9)[1]


def test_it_is_an_observer_that_keeps_everything_in_order() -> None:
    watching = inspector()
    observer: Observer = watching
    entry = Entry(at=1, api="http", route_key="GET /", outcome="200")
    observer.record(entry)
    observer.log_line("Echo", "stdout", "hello", "r")
    observer.invocation_started("Echo", "r", cold=False)
    invocation = Invocation(result=Succeeded(b"{}"), request_id="r", cold=False, duration=0.5)
    observer.invocation_finished("Echo", invocation)
    assert kept(watching) == [
        entry,
        LogLine(NOW, "Echo", "stdout", "hello", "r"),
        Run(NOW, "Echo", "r", False, 0.5, None, "ok", None),
    ]


def test_messages_are_counted_by_connection_and_way() -> None:
    watching = inspector()
    for direction in (Direction.IN, Direction.OUT, Direction.OUT):
        watching.frame("a=", direction, "x", NOW)
    watching.frame("b=", Direction.IN, "x", NOW)
    counts = watching.counts("a=")
    assert (counts.messages_in, counts.messages_out) == (1, 2)
    assert watching.counts("unknown=").messages_in == 0


def test_only_the_busiest_of_late_are_counted() -> None:
    watching = inspector()
    watching.frame("old=", Direction.IN, "x", NOW)
    watching.frame("quiet=", Direction.IN, "x", NOW)
    watching.frame("old=", Direction.IN, "x", NOW)
    for number in range(MAX_COUNTED - 1):
        watching.frame(str(number), Direction.IN, "x", NOW)
    assert watching.counts("quiet=").messages_in == 0
    assert watching.counts("old=").messages_in == 2


def test_large_texts_push_out_others() -> None:
    watching = inspector(Ring[Happening](max_items=100, max_bytes=100_000))
    for _ in range(10):
        watching.frame("a=", Direction.IN, "x" * 30_000, NOW)
    assert len(kept(watching)) == 3
    assert watching.ring.weight >= 3 * (30_000 + BASE_BYTES)


def test_whoever_watches_is_woken_until_they_leave() -> None:
    watching = inspector()
    with watching.watch() as page:
        assert not page.is_set()
        watching.log_line("Echo", "stdout", "hello", None)
        assert page.is_set()
        page.clear()
    watching.log_line("Echo", "stdout", "hello", None)
    assert not page.is_set()
    assert watching.watchers == 0
