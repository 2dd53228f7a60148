"""Notifications: a message to one user, on all pages that the user has open."""

from typing import Annotated

from annotated_types import Len, MaxLen

from sapa.channels.channel import user_channel
from sapa.processes.business_process import Context, business_process


@business_process
def notify(
    context: Context,
    text: Annotated[str, Len(1, 500)],
    user: Annotated[str, MaxLen(128)] = "",
) -> dict[str, str | int]:
    """Send a notification to a user. Leave `user` empty to notify yourself.

    Every connection is in its user's channel, `user:NAME`, without joining it. So an event that is
    published there, `{"notification": "…", "from": "ana"}`, reaches all pages that the user has
    open, whatever their endpoints. Nobody else can join the channel. A user who is offline
    receives the event with the next resume.

    Services can send notifications too: `POST /publish` with
    `{"channel": "user:ana", "payload": {"notification": "Your order is on its way."}}`.
    """
    channel = user_channel(user or context.username)
    payload = {"notification": text, "from": context.username}
    return {"channel": channel, "sequence": context.publish(channel, payload)}
