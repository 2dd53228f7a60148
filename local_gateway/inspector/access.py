"""Who may look: the person at this machine, with a page that this gateway served.

The page shows what people say to each other, so a web site that the person visits must not get
at it: not by a name of its own that resolves to 127.0.0.1 (DNS rebinding, hence the Host header)
and not by a request across origins (hence the Origin header; answers carry no CORS headers).
"""

import re
from ipaddress import ip_address

from local_gateway.core.http import Request

_OWN_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
READING = frozenset({"GET"})


def problem(request: Request) -> str | None:
    """Why a request is refused; `None` when it is not."""
    if not _is_loopback(request.source_ip):
        return "The inspector answers to the machine that the gateway runs on only."
    hosts = request.headers.get_all("Host")
    if len(hosts) != 1 or _OWN_HOST.fullmatch(hosts[0]) is None:
        return "The inspector answers as localhost, 127.0.0.1 or [::1] only."
    origin = request.headers.get("Origin")
    same_origin = origin is not None and origin.lower() == f"http://{hosts[0].lower()}"
    if origin is not None and not same_origin:
        return "The inspector answers to its own page only."
    if request.method not in READING and not same_origin:
        return "The inspector takes orders from its own page only: an Origin header is expected."
    return None


def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)
