"""Where the APIs of an application are on this machine, for its functions and its outputs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from socket import socket
from urllib.parse import urlsplit

from local_gateway.core.loopback_guard import AWS_DOMAINS
from local_gateway.core.model import Application
from local_gateway.core.ports import ApiPort, domain_name
from local_gateway.runtime.child.python.redirection import VARIABLE, encode_hosts
from local_gateway.server.bound_ports import BoundPorts

# What listens on every address of the machine is reached through the one that it always has.
_REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def localised(
    application: Application, origins: Sequence[ApiPort], ports: BoundPorts, aws_endpoint_url: str
) -> Application:
    """The application as it is served here.

    In outputs, which people read, URLs of its APIs lead to this machine. Environment variables keep
    the form that they have on AWS, because handlers take them apart. Every function gets a variable
    with the addresses that the host names of the APIs, and of AWS's other services, stand for: it
    belongs to the function's settings, so that a new API means new execution environments.
    """
    services = _service_domains(aws_endpoint_url)
    hosts = {VARIABLE: encode_hosts(api_hosts(application, origins, ports) | services)}
    return replace(
        application,
        outputs=_localised(application.outputs, _urls(application, origins, ports)),
        functions={
            name: replace(function, environment={**function.environment, **hosts})
            for name, function in application.functions.items()
        },
    )


def _service_domains(aws_endpoint_url: str) -> dict[str, tuple[str, int]]:
    """The address of the AWS services, by the domains of their host names."""
    url = urlsplit(aws_endpoint_url)
    return dict.fromkeys(AWS_DOMAINS, (url.hostname or "", url.port or 80))


def with_local_variables(
    application: Application, origins: Sequence[ApiPort], ports: BoundPorts
) -> Application:
    """The application for containers, where AWS's host names do not lead to this machine.

    URLs of its APIs in environment variables are replaced by local ones.
    """
    urls = _urls(application, origins, ports)
    return replace(
        application,
        functions={
            name: replace(function, environment=_localised(function.environment, urls))
            for name, function in application.functions.items()
        },
    )


def _urls(
    application: Application, origins: Sequence[ApiPort], ports: BoundPorts
) -> Mapping[str, str]:
    """The local URL of each API, by its host name on AWS."""
    return {
        domain_name(api_id, application): ports.url(at)
        for at, origin in enumerate(origins)
        for api_id in origin.api_ids()
    }


def api_hosts(
    application: Application, origins: Sequence[ApiPort], ports: Iterable[Sequence[socket]]
) -> dict[str, tuple[str, int]]:
    """The address and port of each API, by its host name on AWS."""
    hosts: dict[str, tuple[str, int]] = {}
    for origin, sockets in zip(origins, ports, strict=False):
        address, port = sockets[0].getsockname()[:2]
        for api_id in origin.api_ids():
            hosts[domain_name(api_id, application)] = (_REACHABLE.get(address, address), port)
    return hosts


def _localised(texts: Mapping[str, str], urls: Mapping[str, str]) -> dict[str, str]:
    return {name: _with_local_urls(text, urls) for name, text in texts.items()}


def _with_local_urls(text: str, urls: Mapping[str, str]) -> str:
    """`text` with the local URL in place of `https://{host}` and, as `ws://…`, of `wss://{host}`."""
    for host, url in urls.items():
        if host in text:
            text = _replaced(text, rf"https?://{re.escape(host)}", url)
            text = _replaced(text, rf"wss?://{re.escape(host)}", re.sub("^http", "ws", url))
    return text


def _replaced(text: str, pattern: str, url: str) -> str:
    """The host must end there, or it is another one that only begins alike."""
    return re.sub(rf"{pattern}(?::443)?(?![\w.-])", lambda _: url, text)
