"""The differences between two JSON values, in readable form."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_ABSENT = object()
_SHOWN = 100
_BEFORE_DIFFERENCE = 20


class Change(StrEnum):
    """How a value differs."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that differs; `path` is for example `result.body.items[2]`."""

    path: str
    change: Change
    before: Any = None
    after: Any = None

    def __str__(self) -> str:
        match self.change:
            case Change.ADDED:
                return f"+ {self.path}: {_shown(self.after)}"
            case Change.REMOVED:
                return f"- {self.path}: {_shown(self.before)}"
            case Change.CHANGED:
                start = _first_difference(self.before, self.after)
                before, after = _shown(self.before, start), _shown(self.after, start)
                return f"~ {self.path}: {before} → {after}"

    def as_json(self) -> dict[str, Any]:
        """The JSON members; a member that does not apply is left out."""
        members = {"path": self.path, "change": str(self.change)}
        if self.change is not Change.ADDED:
            members["before"] = self.before
        if self.change is not Change.REMOVED:
            members["after"] = self.after
        return members


def differences(path: str, before: Any, after: Any) -> list[Difference]:
    """Every value that differs, in the order of the values; `true` is not 1, 1 is not 1.0.

    Two texts that both hold JSON objects or arrays, such as a `body`, are compared as JSON, unless
    only their spelling differs.
    """
    try:
        return list(_differences(path, before, after))
    except RecursionError:
        return [Difference(path, Change.CHANGED, "too deeply nested", "to compare")]


def _differences(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            inner = f"{path}.{name}"
            yield from _either(inner, before.get(name, _ABSENT), after.get(name, _ABSENT))
    elif isinstance(before, list) and isinstance(after, list):
        for at in range(max(len(before), len(after))):
            yield from _either(f"{path}[{at}]", _item(before, at), _item(after, at))
    elif type(before) is not type(after) or before != after:
        inside = _inside(path, before, after)
        yield from inside or [Difference(path, Change.CHANGED, before, after)]


def _either(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if before is _ABSENT:
        yield Difference(path, Change.ADDED, after=after)
    elif after is _ABSENT:
        yield Difference(path, Change.REMOVED, before=before)
    else:
        yield from _differences(path, before, after)


def _item(items: list[Any], at: int) -> Any:
    return items[at] if at < len(items) else _ABSENT


def _inside(path: str, before: Any, after: Any) -> list[Difference]:
    texts = _container(before), _container(after)
    if None in texts:
        return []
    return list(_differences(path, *texts))


def _container(text: Any) -> Any:
    if not isinstance(text, str):
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict | list) else None


def _first_difference(before: Any, after: Any) -> int:
    pairs = zip(_dumped(before), _dumped(after), strict=False)
    return next((at for at, (old, new) in enumerate(pairs) if old != new), 0)


def _shown(value: Any, start: int = 0) -> str:
    """A value on one line; of a long value, the part where the difference begins."""
    text = _dumped(value)
    if len(text) <= _SHOWN:
        return text
    begin = max(0, min(start - _BEFORE_DIFFERENCE, len(text) - _SHOWN))
    end = begin + _SHOWN
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
