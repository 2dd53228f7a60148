"""JSONPath, as mapping templates and selection expressions use it.

Source: https://goessner.net/articles/JsonPath/, which AWS's pages refer to. Filters and script
expressions are not served.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

# Stands for a value that is not there; JSON's null is None.
ABSENT = object()

type Index = str | int | slice


@dataclass(frozen=True, slots=True)
class _Step:
    """What a step selects: some members or items, or all; `deep` also below, at any depth."""

    indexes: tuple[Index, ...] | None
    deep: bool = False

    @property
    def is_definite(self) -> bool:
        """Whether it selects a single value at most."""
        indexes = self.indexes
        return not self.deep and indexes is not None and len(indexes) == 1 and _is_single(indexes)


def _is_single(indexes: tuple[Index, ...]) -> bool:
    return not isinstance(indexes[0], slice)


_NAME = re.compile(r"(\.\.|\.)(\*|[^\s.\[\]()'\"]+)")
_BRACKET = re.compile(r"(\.\.)?\[((?:[^\]'\"]|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")*)\]")
_QUOTED = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")\s*(?:,|$)")
_SLICE = re.compile(r"\s*(-?\d+)?\s*:\s*(-?\d+)?\s*")


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path, ready to be applied to values."""

    steps: tuple[_Step, ...]

    @classmethod
    @lru_cache(maxsize=1024)
    def parse(cls, path: str) -> Self:
        """Read `$`, `$.name`, `$['name']`, `$.items[0]`, `$.items[*].name`, `$..name`.

        The `$` may be missing. `ValueError` names what is not served.
        """
        text = path.strip()
        at = 1 if text.startswith("$") else 0
        if at == 0 and text and text[0] not in ".[":
            text = f".{text}"
        steps: list[_Step] = []
        while at < len(text):
            name, bracket = _NAME.match(text, at), _BRACKET.match(text, at)
            match = name or bracket
            if match is None or text.startswith("(", match.end()):
                raise ValueError(f"the JSONPath {path} is not served: {text[at:]} is no step")
            if name is not None:
                indexes = None if name[2] == "*" else (name[2],)
                steps.append(_Step(indexes, deep=name[1] == ".."))
            else:
                steps.append(_Step(_indexes(match[2], path), deep=match[1] is not None))
            at = match.end()
        return cls(tuple(steps))

    def value_in(self, root: Any) -> Any:
        """The value at the path, or `ABSENT`; a list where several values may be."""
        values = [root]
        for step in self.steps:
            values = [item for value in values for item in _selected(value, step)]
        if all(step.is_definite for step in self.steps):
            return values[0] if values else ABSENT
        return values


def _indexes(text: str, path: str) -> tuple[Index, ...] | None:
    if text.strip() == "*":
        return None
    if (match := _SLICE.fullmatch(text)) is not None:
        begin, end = (int(part) if part else None for part in match.groups())
        return (slice(begin, end),)
    names: list[Index] = []
    at = 0
    while (quoted := _QUOTED.match(text, at)) is not None:
        names.append(re.sub(r"\\(.)", r"\1", quoted[1] if quoted[1] is not None else quoted[2]))
        at = quoted.end()
    if names and at == len(text):
        return tuple(names)
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"the JSONPath {path} is not served: [{text}] is no index") from None


def _selected(value: Any, step: _Step) -> Iterator[Any]:
    for place in _with_all_below(value) if step.deep else (value,):
        if step.indexes is None:
            yield from _children(place)
        else:
            for index in step.indexes:
                yield from _at(place, index)


def _at(value: Any, index: Index) -> Iterator[Any]:
    match value, index:
        case dict(), str() if index in value:
            yield value[index]
        case list(), int() if -len(value) <= index < len(value):
            yield value[index]
        case list(), slice():
            yield from value[index]


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _with_all_below(value: Any) -> Iterator[Any]:
    """The value and everything in it; a stack, because a client's message may be deep."""
    waiting = [value]
    while waiting:
        place = waiting.pop()
        yield place
        waiting.extend(reversed(list(_children(place))))
