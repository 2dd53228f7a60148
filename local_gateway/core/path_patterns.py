"""Paths with variables, such as `/pets/{id}` and the greedy `/pets/{proxy+}`."""

from urllib.parse import unquote

_LITERAL, _VARIABLE, _GREEDY = range(3)


def capture(pattern: str, path: str) -> dict[str, str] | None:
    """The values of a pattern's variables, percent-encoded, or `None` where it does not fit.

    `path` is percent-encoded as it was sent.
    """
    parts, segments = pattern.split("/")[1:], path.split("/")[1:]
    values: dict[str, str] = {}
    for place, part in enumerate(parts):
        if place >= len(segments):
            return None
        kind, value = _kind(part), segments[place]
        if kind == _GREEDY:
            rest = "/".join(segments[place:])
            return values | {part[1:-2]: rest} if rest else None
        if kind == _VARIABLE:
            if not value:
                return None
            values[part[1:-1]] = value
        elif part != unquote(value):
            return None
    return values if len(parts) == len(segments) else None


def rank(pattern: str) -> tuple[int, ...]:
    """How specific a path is, smaller is more: no greedy variable, then segment by segment."""
    kinds = [_kind(part) for part in pattern.split("/")[1:]]
    return (int(_GREEDY in kinds), *kinds)


def _kind(part: str) -> int:
    if part.startswith("{") and part.endswith("+}"):
        return _GREEDY
    return _VARIABLE if part.startswith("{") and part.endswith("}") else _LITERAL
