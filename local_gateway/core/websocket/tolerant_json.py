"""A JSON reader as forgiving as the one that selects routes on API Gateway.

AWS was seen to route `{"action":"sendMessage", body:"hello"}`, which strict JSON refuses. Beyond
that one observation this reader follows the permissive mode of common JSONPath readers: unquoted
keys and values, single quotes, a trailing comma, control characters in strings. Numbers keep the
text they were sent as, because a route key is text.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

MAXIMUM_DEPTH = 100

_STRICT = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
_SPACE = re.compile(r"[ \t\r\n]*")
_BARE_KEY = re.compile(r"[^\s:,{}\[\]\"']+")
_BARE_VALUE = re.compile(r"[^,\[\]{}\"'\r\n][^,\[\]{}\r\n]*")
_PLAIN = {'"': re.compile(r'[^"\\]*'), "'": re.compile(r"[^'\\]*")}
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_ESCAPES: Mapping[str, str] = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}


def read(text: str) -> Any:
    """The value of a JSON text, numbers as the strings they were written as.

    Raises `ValueError` for anything that is no JSON even leniently or nests deeper than
    `MAXIMUM_DEPTH` levels where strict reading fails; `RecursionError` where it succeeds.
    """
    try:
        return _STRICT.decode(text)
    except ValueError:
        return _Reader(text).document()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def document(self) -> Any:
        value = self._value(0)
        if self._next():
            raise ValueError("text after the JSON value")
        return value

    def _next(self) -> str:
        """The character after any white space, or an empty string at the end."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def _take(self, expected: str) -> bool:
        """Step over `expected` if it comes next."""
        found = self._next() == expected
        self._at += found
        return found

    def _value(self, depth: int) -> Any:
        if depth > MAXIMUM_DEPTH:
            raise ValueError("nested too deep")
        opening = self._next()
        if opening == "{":
            return self._object(depth)
        if opening == "[":
            return self._array(depth)
        if opening and opening in "\"'":
            return self._string(opening)
        bare = self._match(_BARE_VALUE).strip()
        return _WORDS.get(bare, bare)

    def _object(self, depth: int) -> dict[str, Any]:
        self._at += 1
        members: dict[str, Any] = {}
        while not self._take("}"):
            opening = self._next()
            quoted = opening and opening in "\"'"
            key = self._string(opening) if quoted else self._match(_BARE_KEY)
            self._require(":")
            members[key] = self._value(depth + 1)
            if not self._take(",") and self._next() != "}":
                raise ValueError("expected , or }")
        return members

    def _array(self, depth: int) -> list[Any]:
        self._at += 1
        items: list[Any] = []
        while not self._take("]"):
            items.append(self._value(depth + 1))
            if not self._take(",") and self._next() != "]":
                raise ValueError("expected , or ]")
        return items

    def _string(self, quote: str) -> str:
        self._at += 1
        parts: list[str] = []
        while True:
            parts.append(self._match(_PLAIN[quote]))
            mark = self._text[self._at : self._at + 1]
            self._at += 1
            if mark == quote:
                return "".join(parts)
            if not mark:
                raise ValueError("a string without its closing quote")
            parts.append(self._escape())

    def _escape(self) -> str:
        letter = self._text[self._at : self._at + 1]
        self._at += 1
        if letter == "u":
            return chr(int(self._match(_HEX), 16))
        return _ESCAPES.get(letter, letter)

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise ValueError(f"unexpected text at character {self._at}")
        self._at = found.end()
        return found.group()

    def _require(self, mark: str) -> None:
        if not self._take(mark):
            raise ValueError(f"expected {mark} at character {self._at}")
