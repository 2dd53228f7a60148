"""An exchange: the current prices, then every change."""

from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Len
from pydantic import StringConstraints

from sapa.processes.business_process import Context, business_process

type Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,8}$")]


class ExchangeAction(StrEnum):
    """The actions on prices."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


@business_process
def exchange(
    context: Context,
    action: ExchangeAction = ExchangeAction.SUBSCRIBE,
    symbols: Annotated[tuple[Symbol, ...], Len(1, 20)] = ("SAPA", "HALO"),
) -> dict[str, Any]:
    """Live prices. Run `make feed` in a second terminal to make them move.

    The prices of a symbol are the events of the channel `price:SYMBOL`, `{"price": 101.25}`. The
    answer to `subscribe` is a snapshot: the last event of each symbol, or null before the first.
    Every later change arrives by itself.

    Each symbol is joined before its last price is read. In the other order, a price that is
    published in between would be missing; in this order it comes twice, and `$sequence` shows
    which one is newer. The snapshot is read from the channel's history, so publishers of prices
    have nothing more to do.
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
    return events[-1].content() if events else None
