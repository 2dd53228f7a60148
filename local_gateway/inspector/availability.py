"""Why the page cannot be where it should be."""

from collections.abc import Sequence

from local_gateway.core.ports import Origin
from local_gateway.inspector.site import SEGMENT

_REACHING_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", "::"})  # noqa: S104


def obstacle(hosts: Sequence[str], origin: Origin) -> str | None:
    """What keeps the page from `/_gateway` of the first origin; `None` if nothing does.

    A stage may be called `_gateway` on AWS, so it may here, and keeps its path.
    """
    http = (origin.http_api,) if origin.http_api is not None else ()
    for api in (*origin.websocket_apis, *http):
        if any(stage.name == SEGMENT for stage in api.stages):
            return f"{api.logical_id} has a stage called {SEGMENT}, which keeps that path"
    if _REACHING_LOOPBACK.isdisjoint(hosts):
        return f"it is for this machine only, and --host {hosts[0]} leaves out loopback"
    return None
