"""Access to the inspector: only for the user of this machine, from the inspector's own page.

The page shows people's messages, so a web site that the user visits must not read it: not through
a name that resolves to 127.0.0.1 (DNS rebinding, hence the Host header), and not by a cross-origin
request (hence the Origin header; answers have no CORS headers).
"""

import re
from ipaddress import ip_address

from local_gateway.core.http import Request
from local_gateway.core.loopback_guard import foreign_page

_OWN_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
READING = frozenset({"GET", "HEAD"})


def problem(request: Request) -> str | None:
    """Why a request is refused; `None` if it is allowed."""
    if not _is_loopback(request.source_ip):
        return "The inspector answers only on the machine that the gateway runs on."
    hosts = request.headers.get_all("Host")
    if len(hosts) != 1 or _OWN_HOST.fullmatch(hosts[0]) is None:
        return "The inspector answers only as localhost, 127.0.0.1 or [::1]."
    origins = request.headers.get_all("Origin")
    if foreign_page(hosts, origins, request.headers.get("Sec-Fetch-Site")) is not None:
        return "The inspector answers only its own page."
    if request.method not in READING and not origins:
        return "The inspector changes something only for its own page: expected an Origin header."
    return None


def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)
