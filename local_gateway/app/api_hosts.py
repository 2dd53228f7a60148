"""Where the host names that APIs have on AWS lead to on this machine."""

from collections.abc import Sequence
from dataclasses import replace

from local_gateway.core.model import Application
from local_gateway.core.ports import Origin, domain_name
from local_gateway.runtime.child.redirection import VARIABLE, encode_hosts
from local_gateway.server.bound_ports import Places

# What listens on every address of the machine is reached through the one that it always has.
_REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def with_api_hosts(
    application: Application, origins: Sequence[Origin], places: Places
) -> Application:
    """The application with its APIs' host names in every function's environment.

    They belong to a function's settings, so that a new API means new execution environments.
    """
    hosts = encode_hosts(api_hosts(application, origins, places))
    functions = {
        name: replace(function, environment={**function.environment, VARIABLE: hosts})
        for name, function in application.functions.items()
    }
    return replace(application, functions=functions)


def api_hosts(
    application: Application, origins: Sequence[Origin], places: Places
) -> dict[str, tuple[str, int]]:
    """The address and port of each API, by its host name on AWS."""
    hosts: dict[str, tuple[str, int]] = {}
    for origin, sockets in zip(origins, places, strict=False):
        address, port = sockets[0].getsockname()[:2]
        api_ids = [api.api_id for api in origin.websocket_apis]
        if origin.http_api is not None:
            api_ids.append(origin.http_api.api_id)
        for api_id in api_ids:
            hosts[domain_name(api_id, application)] = (_REACHABLE.get(address, address), port)
    return hosts
