from hypothesis import given
from hypothesis import strategies as st

from local_gateway.inspector.inspector import BASE_BYTES, MAX_COUNTED, Inspector, Ring
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


def everything(ring: Ring[str]) -> tuple[int, list[str]]:
    return ring.after(0, max_items=1_000, max_bytes=1_000_000)


def test_the_oldest_go_when_there_are_too_many() -> None:
    ring = Ring[str](max_items=2, max_bytes=100)
    for text in "abc":
        ring.append(text, 1)
    assert everything(ring) == (2, ["b", "c"])
    assert (ring.last, ring.weight) == (3, 2)


def test_the_oldest_go_when_they_weigh_too_much() -> None:
    ring = Ring[str](max_items=10, max_bytes=10)
    for text, weight in (("a", 4), ("b", 4), ("c", 5)):
        ring.append(text, weight)
    assert everything(ring) == (2, ["b", "c"])
    assert ring.weight == 9


def test_what_is_heavier_than_the_ring_is_not_kept() -> None:
    ring = Ring[str](max_items=10, max_bytes=10)
    ring.append("a", 1)
    ring.append("huge", 11)
    assert everything(ring) == (3, [])
    ring.append("b", 1)
    assert everything(ring) == (3, ["b"])


def test_a_reader_goes_on_where_it_was() -> None:
    ring = Ring[str](max_items=10, max_bytes=100)
    for text in "abcd":
        ring.append(text, 1)
    assert ring.after(1, max_items=2, max_bytes=100) == (2, ["b", "c"])
    assert ring.after(3, max_items=2, max_bytes=100) == (4, ["d"])
    assert ring.after(4, max_items=2, max_bytes=100) == (5, [])


def test_a_piece_ends_with_the_item_that_fills_it() -> None:
    ring = Ring[str](max_items=10, max_bytes=100)
    for text in "abc":
        ring.append(text, 40 if text == "b" else 1)
    assert ring.after(0, max_items=10, max_bytes=20) == (1, ["a", "b"])


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 10), st.integers(1, 100))
def test_it_is_bounded_and_holds_the_newest(
    weights: list[int], max_items: int, max_bytes: int
) -> None:
    ring = Ring[int](max_items, max_bytes)
    for number, weight in enumerate(weights, start=1):
        ring.append(number, weight)
        assert len(ring) <= max_items
        assert ring.weight <= max_bytes
        first, kept = ring.after(0, max_items=1_000, max_bytes=1_000_000)
        assert kept == list(range(first, number + 1))
        assert ring.weight == sum(weights[first - 1 : number])
