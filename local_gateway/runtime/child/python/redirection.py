"""Redirects a handler's requests to AWS to this gateway and its AWS services.

Handlers build the management API's endpoint from the event, `https://{domainName}/{stage}`, and an
explicit endpoint wins over every variable that an SDK reads. Others have an address such as
`https://sqs.us-east-1.amazonaws.com` in their code. So inside an execution environment the host
names of the template's APIs lead to the gateway, and those of other services to its AWS services.
The variable `LOCAL_GATEWAY_API_HOSTS` lists them. When a handler imports `ssl`, which every HTTPS
client needs, `plain_http.py` resolves them to this machine and leaves out TLS.

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

# Only in local execution environments: `host=address:port`, separated by spaces. `.domain` stands
# for all hosts below a domain.
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


def find_host(hosts: Mapping[str, tuple[str, int]], name: str | None) -> tuple[str, int] | None:
    """The address for a host name in lower case, or for the domain that it belongs to.

    An API that is not the template's is on AWS, so its name has no address here.
    """
    if not isinstance(name, str):
        return None
    if (exact := hosts.get(name)) is not None:
        return exact
    if "execute-api" in name.split("."):
        return None
    return next((to for end, to in hosts.items() if end[0] == "." and name.endswith(end)), None)


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
