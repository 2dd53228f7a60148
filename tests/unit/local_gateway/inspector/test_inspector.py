from local_gateway.inspector.inspector import BASE_BYTES, MAX_COUNTED, Inspector
from local_gateway.inspector.ring import Ring
from local_gateway.records import ApiRecord, Direction, Frame, InvocationRecord, LogLine, Record

NOW = 1_700_000_000_000
LINE = LogLine(NOW, "Echo", "stdout", "hello", "r")


def kept(inspector: Inspector) -> list[Record]:
    return inspector.ring.after(0, max_items=10_000, max_bytes=10**9)[1]


def test_it_keeps_everything_in_order() -> None:
    inspector = Inspector()
    records: list[Record] = [
        ApiRecord(1, "http", "GET /", "200"),
        LINE,
        InvocationRecord(NOW, "Echo", "r", False, 0.5, None, "ok", None),
        Frame(NOW, "a=", Direction.OUT, "x"),
    ]
    for record in records:
        inspector.observe(record)
    assert kept(inspector) == records


def test_messages_are_counted_by_connection_and_way() -> None:
    watching = Inspector()
    for direction in (Direction.IN, Direction.OUT, Direction.OUT):
        watching.observe(Frame(NOW, "a=", direction, "x"))
    watching.observe(Frame(NOW, "b=", Direction.IN, "x"))
    counts = watching.counts("a=")
    assert (counts.messages_in, counts.messages_out) == (1, 2)
    assert watching.counts("unknown=").messages_in == 0


def test_only_the_busiest_of_late_are_counted() -> None:
    watching = Inspector()
    watching.observe(Frame(NOW, "old=", Direction.IN, "x"))
    watching.observe(Frame(NOW, "quiet=", Direction.IN, "x"))
    watching.observe(Frame(NOW, "old=", Direction.IN, "x"))
    for number in range(MAX_COUNTED - 1):
        watching.observe(Frame(NOW, str(number), Direction.IN, "x"))
    assert watching.counts("quiet=").messages_in == 0
    assert watching.counts("old=").messages_in == 2


def test_large_texts_push_out_others() -> None:
    watching = Inspector(Ring[Record](max_items=100, max_bytes=100_000))
    for _ in range(10):
        watching.observe(Frame(NOW, "a=", Direction.IN, "x" * 30_000))
    assert len(kept(watching)) == 3
    assert watching.ring.weight >= 3 * (30_000 + BASE_BYTES)


def test_whoever_watches_is_woken_until_they_leave() -> None:
    watching = Inspector()
    with watching.watch() as page:
        assert not page.is_set()
        watching.observe(LINE)
        assert page.is_set()
        page.clear()
    watching.observe(LINE)
    assert not page.is_set()
    assert watching.watchers == 0
