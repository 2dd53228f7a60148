"""Matching of a request to a route of an HTTP API.

Source: developer guide, http-api-develop-routes: a full match comes before a greedy path variable
and `$default` comes last; the more specific path and the named method win.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from local_gateway.core.model import HttpRoute

DEFAULT = "$default"
_LITERAL, _VARIABLE, _GREEDY = range(3)
_ANY_METHOD = "ANY"


def match(
    routes: Iterable[HttpRoute], method: str, path: str
) -> tuple[HttpRoute, Mapping[str, str]] | None:
    """The route that serves `method path` and its path parameters, or `None` for a 404.

    `path` is below the stage and percent-encoded as it was sent; parameters come out decoded.
    """
    segments = path.split("/")[1:]
    best: tuple[tuple[int, ...], HttpRoute, Mapping[str, str]] | None = None
    fallback: HttpRoute | None = None
    for route in routes:
        if route.route_key == DEFAULT:
            fallback = route
            continue
        wanted, _, pattern = route.route_key.partition(" ")
        parameters = _parameters(pattern.split("/")[1:], segments)
        if wanted not in (method, _ANY_METHOD) or parameters is None:
            continue
        rank = (*_ranks(pattern), int(wanted == _ANY_METHOD))
        if best is None or rank < best[0]:
            best = (rank, route, parameters)
    if best is not None:
        return best[1], best[2]
    return (fallback, {}) if fallback is not None else None


def path_in_stage(stage_name: str, path: str) -> str | None:
    """The path below a stage: `/dev/x` is `/x` in stage `dev`, all of it in `$default`.

    `None` when the path lies outside the stage.
    """
    if stage_name == DEFAULT:
        return path
    prefix = f"/{stage_name}"
    if path == prefix:
        return "/"
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else None


def _parameters(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    """The values of a pattern's variables, or `None` where it does not fit."""
    values: dict[str, str] = {}
    for place, part in enumerate(pattern):
        if place >= len(segments):
            return None
        kind, value = _kind(part), unquote(segments[place])
        if kind == _GREEDY:
            rest = unquote("/".join(segments[place:]))
            return values | {part[1:-2]: rest} if rest else None
        if kind == _VARIABLE:
            if not value:
                return None
            values[part[1:-1]] = value
        elif part != value:
            return None
    return values if len(pattern) == len(segments) else None


def _ranks(pattern: str) -> tuple[int, ...]:
    """How specific a path is, smaller is more: no greedy variable, then segment by segment."""
    kinds = [_kind(part) for part in pattern.split("/")[1:]]
    return (int(_GREEDY in kinds), *kinds)


def _kind(part: str) -> int:
    if part.startswith("{") and part.endswith("+}"):
        return _GREEDY
    return _VARIABLE if part.startswith("{") and part.endswith("}") else _LITERAL
