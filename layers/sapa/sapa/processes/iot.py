"""Internet of things: devices report values; dashboards watch them and send commands."""

from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Len

from sapa.channels.channel import channel_name
from sapa.errors import RefusedError
from sapa.processes.business_process import Context, business_process

type Device = dict[str, dict[str, Any]]
MAX_KEPT = 50


class IotAction(StrEnum):
    """The actions of devices and dashboards."""

    JOIN = "join"
    REPORT = "report"
    COMMAND = "command"
    ACKNOWLEDGE = "acknowledge"
    LEAVE = "leave"


@business_process
def iot(
    context: Context,
    action: IotAction,
    device: Annotated[str, Len(1, 64)] = "pump-1",
    metric: Annotated[str, Len(1, 64)] = "temperature",
    value: float | None = None,
    command: Annotated[str, Len(1, 200)] = "open",
    number: str = "",
) -> dict[str, Any]:
    """A device reports values; dashboards watch it and send commands.

    The device and its dashboards `join` one channel, `device:NAME`. It carries three kinds of
    events: a `report` of the device, `{"metric": "temperature", "value": 21.5}`; a `command`,
    `{"command": "open", "number": "…", "from": "ana"}`; and `{"acknowledged": "…"}` when the
    device sends `acknowledge` with the number of a command.

    `join` returns the last `values` by metric, `{"value": 21.5, "at": 1700000000000}`, for
    dashboards, and the `waiting` commands by number, for a device that was offline: the state
    keeps them longer than a history does. A command is stored first and published second, so a
    device may receive it twice but never misses it; it recognizes a command by its number, which
    is the request id.
    """
    channel, event = channel_name(f"device:{device}"), dict[str, Any](acknowledged=number)
    match action:
        case IotAction.JOIN:
            context.join(channel)
            return {"channel": channel, **_kept(context.state.get(device))}
        case IotAction.LEAVE:
            return {"channel": channel, "left": context.leave(channel)}
        case IotAction.REPORT if value is None:
            raise RefusedError("There is no value to report.", {"value": "is missing"})
        case IotAction.REPORT:
            event = {"metric": metric, "value": value}
        case IotAction.COMMAND:
            event = {"command": command, "number": context.request_id, "from": context.username}
    context.state.update(device, lambda kept: _after(_kept(kept), event, context.received_at))
    return {"channel": channel, "sequence": context.publish(channel, event), **event}


def _kept(device: Device | None) -> Device:
    return device or {"values": {}, "waiting": {}}


def _after(device: Device, event: dict[str, Any], at: int) -> Device:
    values, waiting = device["values"], device["waiting"]
    match event:
        case {"metric": metric, "value": value}:
            if at >= values.get(metric, {"at": 0})["at"]:  # messages may overtake each other
                values[metric] = {"value": value, "at": at}
        case {"command": command, "number": number}:
            waiting[number] = command
        case {"acknowledged": number} if waiting.pop(number, None) is None:
            raise RefusedError("No such command is waiting.", {"number": "is not waiting"})
    if max(len(values), len(waiting)) > MAX_KEPT:
        raise RefusedError(f"A device has {MAX_KEPT} metrics and waiting commands at most.")
    return device
