"""Which method of a REST API serves a request.

Source: developer guide, api-gateway-method-settings-method-request and
set-up-lambda-proxy-integrations: a named path comes before a path variable and this before a greedy
one, a named method before `ANY`. The resource is chosen by the path alone.
"""

from collections.abc import Iterable, Mapping

from local_gateway.core.model import RestMethod
from local_gateway.core.path_patterns import capture, rank

ANY = "ANY"


def match(
    methods: Iterable[RestMethod], http_method: str, path: str
) -> tuple[RestMethod, Mapping[str, str]] | None:
    """The method that serves a request and its path parameters, percent-encoded as sent.

    `path` is below the stage. A slash at its end makes no difference.
    """
    path = path.rstrip("/") or "/"
    best: tuple[tuple[int, ...], str, Mapping[str, str]] | None = None
    by_resource: dict[str, dict[str, RestMethod]] = {}
    for method in methods:
        by_resource.setdefault(method.resource, {})[method.http_method] = method
    for resource in by_resource:
        captured = capture(resource, path)
        if captured is not None and (best is None or rank(resource) < best[0]):
            best = (rank(resource), resource, captured)
    if best is None:
        return None
    _, resource, parameters = best
    served = by_resource[resource]
    chosen = served.get(http_method) or served.get(ANY)
    return (chosen, parameters) if chosen is not None else None
