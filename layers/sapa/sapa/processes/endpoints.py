"""The endpoints: each name, and the business process that serves it as `module:function`.

They are named rather than imported. So a function loads only the process that it runs, and a
process that cannot be imported does not affect the others.
"""

import functools
import importlib
import traceback
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sapa.errors import BusinessProcessError, UnknownEndpointError

if TYPE_CHECKING:
    from sapa.processes.business_process import BusinessProcess

DEFAULT_ENDPOINT = "reply"
_PACKAGE = str(Path(__file__).parents[1])
_IMPORTLIB = str(Path(importlib.__file__).parent)

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
        "story": "sapa.processes.story:story",
        "assistant": "sapa.processes.assistant:assistant",
    }
)


@functools.cache
def business_process_of(endpoint: str) -> "BusinessProcess[..., object]":
    """Load the business process of an endpoint.

    Raises `UnknownEndpointError`, and `BusinessProcessError` when the registry names something
    that cannot be imported or is no business process.
    """
    if endpoint not in ENDPOINTS:
        raise UnknownEndpointError(endpoint)
    return load_business_process(ENDPOINTS[endpoint])


def load_business_process(address: str) -> "BusinessProcess[..., object]":
    """Import the business process at `module:function`. Raises `BusinessProcessError`."""
    from sapa.processes.business_process import BusinessProcess

    module, _, name = address.partition(":")
    try:
        process = getattr(importlib.import_module(module), name, None)
    # A business process is somebody's code: even sys.exit() at its import stops only that process.
    except (Exception, SystemExit) as error:
        problem = f"cannot be imported: {type(error).__name__}: {error} ({_place(error)})"
        raise BusinessProcessError(address, problem) from error
    if not isinstance(process, BusinessProcess):
        raise BusinessProcessError(address, "is not a @business_process function")
    return process


def _place(error: BaseException) -> str:
    """The file and line of the code that failed, not of the libraries that it called."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}"
    registry, *frames = traceback.extract_tb(error.__traceback__)
    loaders = (__file__, str(Path(__file__).with_name("business_process.py")), _IMPORTLIB, "<")
    frames = [frame for frame in frames if not frame.filename.startswith(loaders)]
    own = [frame for frame in frames if frame.filename.startswith(_PACKAGE)]
    frame = (own or frames or [registry])[-1]
    return f"{frame.filename}, line {frame.lineno}"
