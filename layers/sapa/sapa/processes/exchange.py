"""An exchange: prices as they are now, then as they change."""

from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Len
from pydantic import StringConstraints

from sapa.channels.publisher import event_content
from sapa.processes.business_process import Context, business_process

type Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,8}$")]


class ExchangeAction(StrEnum):
    """What one does with prices."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


@business_process
def exchange(
    context: Context,
    action: ExchangeAction = ExchangeAction.SUBSCRIBE,
    symbols: Annotated[tuple[Symbol, ...], Len(1, 20)] = ("SAPA", "HALO"),
) -> dict[str, Any]:
    """Follow prices, which come from outside: `make feed` walks them at random.

    The prices of a symbol are the events of the channel `price:SYMBOL`, `{"price": 101.25}`. The
    answer to `subscribe` is the snapshot: each symbol's last event, or null before the first;
    every change after it comes by itself.

    Each symbol is joined before its last price is read. In the other order, a price from in
    between would be in neither; in this one it is in both, and `$sequence` shows which is newer.
    The snapshot is the channel's own history, so whoever publishes a price has no more to do.
    """
    channels = {symbol: f"price:{symbol}" for symbol in symbols}
    if action is ExchangeAction.UNSUBSCRIBE:
        for channel in channels.values():
            context.leave(channel)
        return {"unsubscribed": list(channels)}
    for channel in channels.values():
        context.join(channel)
    return {"snapshot": {symbol: _last(context, channel) for symbol, channel in channels.items()}}


def _last(context: Context, channel: str) -> dict[str, Any] | None:
    events = context.history(channel, limit=1)
    return dict(event_content(events[-1])) if events else None
