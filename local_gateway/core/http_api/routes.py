"""Matching of a request to a route of an HTTP API.

Source: developer guide, http-api-develop-routes: a full match comes before a greedy path variable
and `$default` comes last; the more specific path and the named method win.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from local_gateway.core.model import HttpRoute
from local_gateway.core.path_patterns import capture, rank

DEFAULT = "$default"
_ANY_METHOD = "ANY"


def match(
    routes: Iterable[HttpRoute], method: str, path: str
) -> tuple[HttpRoute, Mapping[str, str]] | None:
    """The route that serves `method path` and its path parameters, or `None` for a 404.

    `path` is below the stage and percent-encoded as it was sent; parameters come out decoded.
    """
    best: tuple[tuple[int, ...], HttpRoute, Mapping[str, str]] | None = None
    fallback: HttpRoute | None = None
    for route in routes:
        if route.route_key == DEFAULT:
            fallback = route
            continue
        wanted, _, pattern = route.route_key.partition(" ")
        captured = capture(pattern, path)
        if wanted not in (method, _ANY_METHOD) or captured is None:
            continue
        order = (*rank(pattern), int(wanted == _ANY_METHOD))
        if best is None or order < best[0]:
            parameters = {name: unquote(value) for name, value in captured.items()}
            best = (order, route, parameters)
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
