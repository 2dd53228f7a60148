"""Text that somebody else wrote, made safe to print.

A request's path, a header or a message can hold escape sequences, which a terminal obeys, and line
breaks, which would print a line that the gateway never wrote.
"""

import re

# Control codes without the tab, line and paragraph separators, codes that change the direction of
# text, and halves of surrogate pairs, which no encoding has.
_UNSAFE = re.compile(
    "[\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)
_HALF = re.compile("[\\ud800-\\udfff]")


def printable(text: str) -> str:
    """The text as one line, with escapes such as `\\x1b` for what a terminal must not get."""
    return _UNSAFE.sub(lambda match: ascii(match[0])[1:-1], text)


def printable_lines(text: str) -> str:
    """Like `printable`, but line breaks stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def whole_characters(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which strict parsers refuse."""
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", text)
