"""The headers that AWS's front end adds to a request on its way to a function."""

import hashlib

from local_gateway.core.http import Headers


def trace_header(at: int, seed: str) -> str:
    """`X-Amzn-Trace-Id`: `Root=1-<8 hex of the epoch second>-<24 hex>`, the tail from `seed`."""
    tail = hashlib.sha256(seed.encode()).hexdigest()[:24]
    return f"Root=1-{at // 1000:08x}-{tail}"


def forwarded_for(headers: Headers, source_ip: str) -> str:
    """`X-Forwarded-For`: what earlier proxies wrote, then the address that connected."""
    earlier = [value for name, value in headers if name.lower() == "x-forwarded-for" and value]
    return ", ".join([*earlier, source_ip])
