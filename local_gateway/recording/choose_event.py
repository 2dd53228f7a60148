"""Takes one event out of a recording."""

from collections.abc import Sequence

from local_gateway.errors import GatewayError
from local_gateway.recording.format import RecordedInvocation
from local_gateway.recording.reader import ReadRecording


def choose_event(
    recording: ReadRecording, function: str, *, route_key: str | None, index: int
) -> RecordedInvocation:
    """The event of a function, of a route if one is named; `index` counts from 0, -1 is the last.

    Raises `GatewayError` that names what there is instead.
    """
    of_function = [item for item in recording.invocations if item.function == function]
    if not of_function:
        functions = _names([item.function for item in recording.invocations])
        raise GatewayError(f"no event of {function} in the recording; it has {functions}")
    found = [item for item in of_function if route_key in {None, item.route_key}]
    if not found:
        routes = _names([item.route_key or "none" for item in of_function])
        raise GatewayError(
            f"no event of {function} on the route {route_key}; its routes are {routes}"
        )
    if not -len(found) <= index < len(found):
        raise GatewayError(
            f"no event {index} of {function}; there are {len(found)}: name one with --index "
            f"from 0 to {len(found) - 1}"
        )
    return found[index]


def _names(names: Sequence[str]) -> str:
    return ", ".join(sorted(set(names))) or "nothing"
