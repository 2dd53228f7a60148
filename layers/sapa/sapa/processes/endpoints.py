"""The endpoints: each name, and the business process that serves it as `module:function`.

They are named rather than imported, so that a function loads only the process that it runs and
one that does not import spoils no other.
"""

from collections.abc import Mapping
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


def business_process_of(
    endpoint: str, endpoints: Mapping[str, str] = ENDPOINTS
) -> "BusinessProcess[..., object]":
    """Load the business process of an endpoint.

    Raises `UnknownEndpointError`, and `BusinessProcessError` when the registry names something
    that is no business process.
    """
    from sapa.processes.business_process import BusinessProcess

    if endpoint not in endpoints:
        raise UnknownEndpointError(endpoint)
    module, _, name = endpoints[endpoint].partition(":")
    process = getattr(import_module(module), name, None)
    if not isinstance(process, BusinessProcess):
        raise BusinessProcessError(endpoints[endpoint], "is not a @business_process function")
    return process
