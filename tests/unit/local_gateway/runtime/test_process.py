"""Bytes cut into log lines."""

import pytest

from local_gateway.runtime.process import LineSplitter


def split(pieces: list[bytes], limit: int = 100) -> list[str]:
    splitter = LineSplitter(limit)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return [*lines, *splitter.finish()]


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"one\ntwo\n"], ["one", "two"]),
        ([b"o", b"ne\nt", b"wo"], ["one", "two"]),
        ([b"\n\n"], ["", ""]),
        ([b""], []),
        ([b"windows\r\n"], ["windows"]),
        ([b"error\rtrace\rback\n"], ["error", "trace", "back"]),
        ([b"\xe2\x82", b"\xac\n"], ["€"]),
        ([b"\xff\n"], ["\ufffd"]),
    ],
)
def test_lines(pieces: list[bytes], lines: list[str]) -> None:
    assert split(pieces) == lines


@pytest.mark.parametrize("ended", [b"", b"\n"])
def test_a_long_line_is_cut(ended: bytes) -> None:
    assert split([b"abcdefgh" + ended], limit=3) == ["abc", "def", "gh"]


def test_a_cut_spares_characters() -> None:
    text = "aäöü€🎈" * 20
    lines = split([text.encode()], limit=5)
    assert "".join(lines) == text


def test_bytes_that_are_no_characters_are_cut_too() -> None:
    assert "".join(split([b"\x80" * 50], limit=4)) == "\ufffd" * 50
