"""Text from clients cannot change what a terminal shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.terminal.printable_text import printable, printable_lines, whole_characters


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \t é😀", "plain \t é😀"),
        ("\x1b[31mX\nFAKE-LINE", "\\x1b[31mX\\nFAKE-LINE"),
        ("a\rb\x00\x7f\x9b31m", "a\\rb\\x00\\x7f\\x9b31m"),
        ("\u2028\u2029\u202e\u2066", "\\u2028\\u2029\\u202e\\u2066"),
        ("half \ud83d", "half \\ud83d"),
    ],
)
def test_what_a_terminal_obeys_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()))
def test_any_text_is_one_line_that_can_be_encoded(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    shown.encode()


def test_line_breaks_of_the_gateways_own_text_stay() -> None:
    assert printable_lines("a\n\x1bb") == "a\n\\x1bb"


def test_half_a_character_is_replaced() -> None:
    assert whole_characters("a\ud83db😀") == "a\ufffdb😀"
