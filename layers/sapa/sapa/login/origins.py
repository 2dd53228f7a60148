"""Which pages may use the cookie: those of our own origin, and those that the template allows."""

from collections.abc import Iterable
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}

type Origin = tuple[str, str, int]
"""Scheme, host and port, as RFC 6454 compares them."""


def is_own_origin(
    origins: Iterable[str],
    hosts: Iterable[str],
    allowed_origins: Iterable[str],
    *,
    is_https: bool,
) -> bool:
    """Whether a request with these `Origin` headers comes from a page that may send it.

    `hosts` are the request's `Host` and the viewer host that CloudFront's function copied, and
    `is_https` is how the request came. `allowed_origins` are whole origins; a host without a scheme
    means `https`. A request without `Origin` comes from a client that is not a browser. `null` (a
    sandboxed page, a file) is foreign.
    """
    scheme = "https" if is_https else "http"
    own = {_origin(f"{scheme}://{host.strip()}") for host in hosts}
    own |= {_origin(_with_scheme(entry.strip().rstrip("/"))) for entry in allowed_origins}
    own.discard(None)
    return all(_origin(origin.strip()) in own for origin in origins)


def _with_scheme(entry: str) -> str:
    return entry if "://" in entry else f"https://{entry}"


def _origin(text: str) -> Origin | None:
    """The origin that `text` names; `None` if it is no origin of `http` or `https`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    if parts.scheme not in _DEFAULT_PORTS or text != text.rstrip("?#"):
        return None
    return parts.scheme, parts.hostname, _DEFAULT_PORTS[parts.scheme] if port is None else port
