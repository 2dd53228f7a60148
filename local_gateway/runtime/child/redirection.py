"""Redirects a handler's requests to the template's own APIs on AWS to this gateway.

Handlers build the management API's endpoint from the event, `https://{domainName}/{stage}`, and an
explicit endpoint wins over every variable that an SDK reads. So inside an execution environment
the host names of the template's APIs, and only these, lead to the gateway. The variable
`LOCAL_GATEWAY_API_HOSTS` lists them. When a handler imports `ssl`, which every HTTPS client needs,
`plain_http.py` resolves them to the gateway and leaves out TLS.

Loaded by its path in every cold start, so it imports as little as it can.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType

# Only in local execution environments: `host=address:port`, separated by spaces.
VARIABLE = "LOCAL_GATEWAY_API_HOSTS"


def encode_hosts(hosts: Mapping[str, tuple[str, int]]) -> str:
    """The variable's value for host names, each with an address and a port."""
    return " ".join(f"{host.lower()}={address}:{port}" for host, (address, port) in hosts.items())


def decode_hosts(text: str) -> dict[str, tuple[str, int]]:
    """The reverse of `encode_hosts`."""
    hosts = {}
    for entry in text.split():
        host, _, target = entry.partition("=")
        address, _, port = target.rpartition(":")
        hosts[host] = (address, int(port))
    return hosts


def when_imported(name: str, action: Callable[[], None]) -> None:
    """Run `action` once, after the module's first import, or now if it is imported."""
    if name in sys.modules:
        action()
    else:
        sys.meta_path.insert(0, _ImportHook(name, action))


class _ImportHook:
    """Lets the other finders find the module, and runs the action after its loader."""

    def __init__(self, name: str, action: Callable[[], None]) -> None:
        self._name = name
        self._action = action

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The next finder's spec, with a loader that runs the action."""
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
    """Takes the place of a loader, which other modules may share, for a single import."""

    def __init__(self, loader: Loader, action: Callable[[], None]) -> None:
        self._loader = loader
        self._action = action

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Like the loader."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code, then the action; the module keeps its own loader."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._action()
