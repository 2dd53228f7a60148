"""A social network: posts, followed users, and reactions."""

from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Ge, Le, MaxLen

from sapa.channels.channel import ChannelEvent, channel_name, encoded_username
from sapa.errors import RefusedError
from sapa.processes.business_process import Context, business_process

MAX_FOLLOWED = 40  # each is a channel, and a connection may be in 50


class SocialAction(StrEnum):
    """The actions in the network."""

    FEED = "feed"
    POST = "post"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    REACT = "react"


@business_process
def social(
    context: Context,
    action: SocialAction,
    user: Annotated[str, MaxLen(128)] = "",
    text: Annotated[str, MaxLen(1000)] = "",
    post: Annotated[int, Ge(0), Le(2**53)] = 0,
) -> dict[str, Any]:
    """`post` a text, `follow` a user, `react` with a text like 👍 to a user's post, read a `feed`.

    The posts of a user are the channel `posts:USER`: `{"from": "ana", "text": "Hai!"}`. A reaction
    goes there too, with its post's sequence number: `{"from": "ben", "reaction": "👍", "post": 7}`.
    In `USER`, other characters than letters, digits and `-_.:` are code points: `a@b` is `a/40/b`.

    Following means joining that channel. Memberships end with the connection, so the list of
    followed users is also stored. `feed` joins their channels, and your own, and returns their
    last 50 events by time. Later events arrive by themselves.
    """
    own, theirs = _posts_of(context.username), _posts_of(user)
    match action:
        case SocialAction.FEED:
            return _feed(context, own)
        case SocialAction.FOLLOW | SocialAction.UNFOLLOW:
            return {"following": _follow(context, user, action is SocialAction.FOLLOW)}
        case _ if not text.strip():
            raise RefusedError("There is nothing to say.", {"text": "is empty"})
        case SocialAction.POST:
            sequence = context.publish(own, {"from": context.username, "text": text})
            return {"channel": own, "sequence": sequence}
        case _:  # REACT
            events = context.history(theirs, limit=1, before=post + 1)
            if not any(event.sequence == post and "text" in event.payload for event in events):
                raise RefusedError("There is no such post.", {"post": "is not a post's number"})
            reaction = {"from": context.username, "reaction": text, "post": post}
            return {"channel": theirs, "sequence": context.publish(theirs, reaction)}


def _feed(context: Context, own: str) -> dict[str, Any]:
    following, events = context.state.get(context.username) or [], list[ChannelEvent]()
    for channel in [own, *map(_posts_of, following)]:
        context.join(channel)
        events += context.history(channel, limit=50)
    events.sort(key=lambda event: event.sent_at)
    return {"following": following, "feed": [event.content() for event in events[-50:]]}


def _follow(context: Context, user: str, wanted: bool) -> list[str]:
    def change(before: list[str] | None) -> list[str]:
        others = [each for each in before or [] if each != user]
        if user in {"", context.username} or len(others) + wanted > MAX_FOLLOWED:
            raise RefusedError(f"Follow up to {MAX_FOLLOWED} others.", {"user": "is not another"})
        return [*others, user] if wanted else others

    following = context.state.update(context.username, change)
    (context.join if wanted else context.leave)(_posts_of(user))
    return following


def _posts_of(user: str) -> str:
    return channel_name(f"posts:{encoded_username(user)}")
