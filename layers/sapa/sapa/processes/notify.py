"""Notifications: a word to one user, wherever that user is."""

from typing import Annotated

from annotated_types import Len, MaxLen

from sapa.channels.channel import user_channel
from sapa.processes.business_process import Context, business_process


@business_process
def notify(
    context: Context,
    text: Annotated[str, Len(1, 500)],
    user: Annotated[str, MaxLen(123)] = "",
) -> dict[str, str | int]:
    """Tell a user something; without `user` yourself.

    Every connection is in its user's channel, `user:NAME`, without joining it. So what is
    published there, `{"notification": "…", "from": "ana"}`, reaches all pages that the user has
    open, whatever their endpoints. Nobody else can join it, and who is offline finds it in the
    channel's history on the next resume.

    The same from outside, in the name of no user: `POST /publish` with
    `{"channel": "user:ana", "payload": {"notification": "Your order is on its way."}}`.
    """
    channel = user_channel(user or context.username)
    payload = {"notification": text, "from": context.username}
    return {"channel": channel, "sequence": context.publish(channel, payload)}
