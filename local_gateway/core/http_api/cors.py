"""CORS of an HTTP API, which answers for its functions once it is configured.

Source: developer guide, http-api-cors: the API answers preflight requests without a route and
ignores the CORS headers that a function returns.
"""

from local_gateway.core.http import Headers, Pairs, Response
from local_gateway.core.model import Cors

_PREFIX = "access-control-"


def preflight(cors: Cors, headers: Headers) -> Response | None:
    """The answer to an `OPTIONS` request, or `None` when its headers make no preflight.

    An origin or method that is not allowed gets the same 204 without any CORS header.
    """
    origin, method = headers.get("origin"), headers.get("access-control-request-method")
    if origin is None or method is None:
        return None
    allowed = {name.upper() for name in cors.allow_methods}
    shared = cors_headers(cors, origin)
    if not shared or not (allowed & {method.upper(), "*"}):
        return Response(204)
    answer = [item for item in shared if item[0] != f"{_PREFIX}expose-headers"]
    answer.append((f"{_PREFIX}allow-methods", ",".join(cors.allow_methods)))
    if cors.allow_headers:
        answer.append((f"{_PREFIX}allow-headers", ",".join(cors.allow_headers)))
    if cors.max_age is not None:
        answer.append((f"{_PREFIX}max-age", str(cors.max_age)))
    return Response(204, Headers(answer))


def cors_headers(cors: Cors, origin: str | None) -> Pairs:
    """The headers that an ordinary response to `origin` gets; none for a foreign origin."""
    if origin is None or not any(_origin_fits(entry, origin) for entry in cors.allow_origins):
        return ()
    any_origin = "*" in cors.allow_origins and not cors.allow_credentials
    headers = [(f"{_PREFIX}allow-origin", "*" if any_origin else origin)]
    if cors.allow_credentials:
        headers.append((f"{_PREFIX}allow-credentials", "true"))
    if cors.expose_headers:
        headers.append((f"{_PREFIX}expose-headers", ",".join(cors.expose_headers)))
    if not any_origin:
        headers.append(("vary", "origin"))
    return tuple(headers)


def with_cors(cors: Cors | None, origin: str | None, response: Response) -> Response:
    """A function's response with the API's CORS headers in place of its own.

    Without a configuration the function's headers pass unchanged.
    """
    if cors is None:
        return response
    own = tuple(item for item in response.headers if not item[0].lower().startswith(_PREFIX))
    headers = Headers(own + cors_headers(cors, origin))
    return Response(response.status, headers, response.body)


def _origin_fits(entry: str, origin: str) -> bool:
    """An entry is an origin, `*`, or `https://*` and `http://*` for one scheme."""
    if entry.endswith("*"):
        return origin.startswith(entry[:-1])
    return entry.lower() == origin.lower()
