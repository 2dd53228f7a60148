"""Sends what a handler says to the template's own APIs on AWS to this gateway instead.

Handlers build the management API's endpoint from the event, `https://{domainName}/{stage}`, and an
endpoint that is given explicitly wins over every variable an SDK reads. So the host names of the
template's APIs, and only they, mean this gateway inside an execution environment: the variable
`LOCAL_GATEWAY_API_HOSTS` lists them, and as soon as a handler imports `ssl`, which nothing over
HTTPS does without, `plain_http.py` makes them resolve to the gateway and be spoken to without TLS.

Loaded by its path, for every cold start: standard library only, and nothing is imported here.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType

# Exists in local execution environments only: `host=address:port`, separated by spaces.
VARIABLE = "LOCAL_GATEWAY_API_HOSTS"


def encode_hosts(hosts: Mapping[str, tuple[str, int]]) -> str:
    """The variable's value for host names and the address and port that each means."""
    return " ".join(f"{host.lower()}={address}:{port}" for host, (address, port) in hosts.items())


def decode_hosts(text: str) -> dict[str, tuple[str, int]]:
    """The reverse of `encode_hosts`."""
    hosts = {}
    for entry in text.split():
        host, _, place = entry.partition("=")
        address, _, port = place.rpartition(":")
        hosts[host] = (address, int(port))
    return hosts


def when_imported(name: str, action: Callable[[], None]) -> None:
    """Run `action` once, after the module's first import, or now if that is over."""
    if name in sys.modules:
        action()
    else:
        sys.meta_path.insert(0, _ImportHook(name, action))


class _ImportHook:
    """Leaves finding the module to the other finders, and takes a turn after its loader."""

    def __init__(self, name: str, action: Callable[[], None]) -> None:
        self._name = name
        self._action = action

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec as the next finder has it, with a loader that tells when it is done."""
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _HookedLoader(spec.loader, self._action)  # type: ignore[assignment]
                return spec
        return None


class _HookedLoader:
    """Stands in for a loader, which may be shared with other modules, during one import."""

    def __init__(self, loader: Loader, action: Callable[[], None]) -> None:
        self._loader = loader
        self._action = action

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code, then the action; the module never hears of this."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._action()
