"""The endpoints: each name, and the business process that serves it as `module:function`.

They are named rather than imported. So a function loads only the process that it runs, and a
process that cannot be imported does not affect the others.
"""

import functools
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from sapa.errors import BusinessProcessError, UnknownEndpointError

if TYPE_CHECKING:
    from sapa.processes.business_process import BusinessProcess

DEFAULT_ENDPOINT = "reply"

ENDPOINTS = MappingProxyType(
    {
        "reply": "sapa.processes.reply:reply",
        "convert": "sapa.processes.convert:convert",
        "exchange": "sapa.processes.exchange:exchange",
        "game": "sapa.processes.game:game",
        "dialogue": "sapa.processes.dialogue:dialogue",
        "notify": "sapa.processes.notify:notify",
        "social": "sapa.processes.social:social",
        "chat": "sapa.processes.chat:chat",
        "iot": "sapa.processes.iot:iot",
    }
)


@functools.cache
def business_process_of(endpoint: str) -> "BusinessProcess[..., object]":
    """Load the business process of an endpoint.

    Raises `UnknownEndpointError`, and `BusinessProcessError` when the registry names something
    that is no business process.
    """
    if endpoint not in ENDPOINTS:
        raise UnknownEndpointError(endpoint)
    return load_business_process(ENDPOINTS[endpoint])


def load_business_process(address: str) -> "BusinessProcess[..., object]":
    """Import the business process at `module:function`. Raises `BusinessProcessError`."""
    from sapa.processes.business_process import BusinessProcess

    module, _, name = address.partition(":")
    process = getattr(import_module(module), name, None)
    if not isinstance(process, BusinessProcess):
        raise BusinessProcessError(address, "is not a @business_process function")
    return process
