"""Who may use a server on the loopback interface: programs and its own page, no page of others.

A web site that the user visits can send requests to this machine: as cross-origin requests, which
have an Origin header or `Sec-Fetch-Site`, or by a name that was made to resolve to 127.0.0.1 (DNS
rebinding), which is in the Host header, which browsers always send.

Standard library only: the moto server's process loads this file by its path.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address

_OWN_SITES = frozenset({None, "same-origin", "none"})
_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:/@,\s]+)(?::[0-9]{1,5})?")
# The domains of AWS's services, whose names lead here inside functions.
AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
# Nobody can register a name that ends like these.
_RESERVED = (".localhost", ".local", ".internal", ".test", *AWS_DOMAINS)


def foreign_page(
    hosts: Sequence[str], origins: Sequence[str], fetch_site: str | None
) -> str | None:
    """Why a request is refused, by its Host, Origin and `Sec-Fetch-Site`; `None` if it is not."""
    if len(hosts) > 1 or not all(map(is_local_name, hosts)):
        return "expected one Host header with a name of this machine"
    own = {f"http://{host.lower()}" for host in hosts}
    if not {origin.lower() for origin in origins} <= own:
        return "pages of other origins get nothing here"
    if (fetch_site and fetch_site.lower()) not in _OWN_SITES:
        return "pages of other sites get nothing here"
    return None


@lru_cache(maxsize=256)
def is_local_name(host: str) -> bool:
    """Whether a Host header names this machine: an address, or a name that nobody can register."""
    match = _AUTHORITY.fullmatch(host)
    if match is None:
        return False
    name = match[1].strip("[]").lower().removesuffix(".")
    try:
        ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(_RESERVED)
    return True
