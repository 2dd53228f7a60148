import asyncio
import io

from local_gateway.terminal.line_buffer import LineBuffer


def test_lines_keep_their_order() -> None:
    async def write() -> None:
        lines = LineBuffer(out)
        lines.write_soon("first")
        lines.write_soon("second")
        assert out.getvalue() == ""
        lines.write("third")
        assert out.getvalue() == "first\nsecond\nthird\n"

    out = io.StringIO()
    asyncio.run(write())


def test_lines_are_written_without_being_asked_for() -> None:
    class Out(io.StringIO):
        def flush(self) -> None:
            written.set()

    async def write() -> None:
        LineBuffer(out).write_soon("line")
        async with asyncio.timeout(20):
            await written.wait()

    out, written = Out(), asyncio.Event()
    asyncio.run(write())
    assert out.getvalue() == "line\n"


def test_a_line_is_written_at_once_where_no_loop_runs() -> None:
    out = io.StringIO()
    LineBuffer(out).write_soon("line")
    assert out.getvalue() == "line\n"


def test_what_is_left_can_be_written() -> None:
    async def leave() -> LineBuffer:
        lines = LineBuffer(out)
        lines.write_soon("line")
        return lines

    out = io.StringIO()
    lines = asyncio.run(leave())
    lines.flush()
    lines.flush()
    assert out.getvalue() == "line\n"
