"""What proxy events of WebSocket and REST APIs share: header maps and query maps.

Of repeated names the single-value map has the last value, the multi-value map all of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from local_gateway.core.http import Pairs, Request, forwarded_for

# The members of `requestContext.identity` that are null if nobody has signed the request.
NO_CALLER = (
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "user",
    "userArn",
)
ADDED_HEADERS = frozenset(
    {"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
)


def added_headers(request: Request, trace: str) -> Pairs:
    """The headers that the front end adds to a request, or replaces in it.

    Port and scheme are those that the client used, unlike on AWS: an `Origin` check needs the
    scheme of the page.
    """
    return (
        ("X-Amzn-Trace-Id", trace),
        ("X-Forwarded-For", forwarded_for(request)),
        ("X-Forwarded-Port", _port(request.headers.get("host") or "")),
        ("X-Forwarded-Proto", "http"),
    )


def header_maps(headers: Pairs) -> dict[str, Any]:
    """Both header maps, sorted without regard to case as in captures.

    One header sent in two spellings is one header, shown as it was spelled first.
    """
    spelling: dict[str, str] = {}
    pairs = [(spelling.setdefault(name.lower(), name), value) for name, value in headers]
    pairs.sort(key=lambda pair: pair[0].lower())
    return {"headers": dict(pairs), "multiValueHeaders": _grouped(pairs)}


def query_maps(query: Iterable[tuple[str, str]]) -> dict[str, Mapping[str, Any]]:
    """Both query maps."""
    pairs = list(query)
    return {
        "queryStringParameters": dict(pairs),
        "multiValueQueryStringParameters": _grouped(pairs),
    }


def _port(host: str) -> str:
    port = host.rpartition(":")[2]
    return port if port.isdecimal() else "80"


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, value in pairs:
        groups.setdefault(name, []).append(value)
    return groups
