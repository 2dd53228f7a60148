"""Which pages may use the cookie: those of our own host, and those that the template allows."""

from collections.abc import Iterable
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_own_origin(
    origins: Iterable[str], hosts: Iterable[str], allowed_origins: Iterable[str]
) -> bool:
    """Whether a request with these `Origin` headers comes from a page that may send it.

    `hosts` are the request's `Host` and the viewer host that CloudFront's function copied;
    `allowed_origins` are hosts or whole origins. A request without `Origin` comes from a client
    that is not a browser. `null` (a sandboxed page, a file) is foreign.
    """
    own_hosts = {host.strip().lower() for host in hosts if host.strip()}
    allowed = {entry.strip().rstrip("/").lower() for entry in allowed_origins}
    return all(_is_own(origin.strip().lower(), own_hosts, allowed) for origin in origins)


def _is_own(origin: str, own_hosts: set[str], allowed: set[str]) -> bool:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return False
    candidates = {parts.netloc}
    if port == _DEFAULT_PORTS.get(parts.scheme):
        candidates.add(parts.netloc.removesuffix(f":{port}"))
    elif port is None and parts.scheme in _DEFAULT_PORTS:
        candidates.add(f"{parts.netloc}:{_DEFAULT_PORTS[parts.scheme]}")
    return not candidates.isdisjoint(own_hosts | allowed) or origin in allowed
