"""Chat rooms: members, typing indicators, and the last messages."""

from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Len, MaxLen

from sapa.errors import RefusedError
from sapa.processes.business_process import Context, business_process

SHOWN = 50


class ChatAction(StrEnum):
    """The actions in a room."""

    JOIN = "join"
    SAY = "say"
    TYPING = "typing"
    LEAVE = "leave"


@business_process
def chat(
    context: Context,
    action: ChatAction,
    room: Annotated[str, Len(1, 64)] = "lobby",
    text: Annotated[str, MaxLen(2000)] = "",
) -> dict[str, Any]:
    """Chat in rooms.

    A room is two channels. `chat:ROOM` carries the messages, `{"from": "ana", "text": "Hai!"}`,
    and its presence events show who comes and goes. `typing:ROOM` carries `{"from": "ana"}` while
    somebody types. It is a separate channel because its events are not worth keeping: the template
    keeps no history of `typing:`.

    `join` returns the members and the last 50 messages. `say` joins the room first, so that you
    receive the answers. Only `say` uses `text`.
    """
    said, typing = f"chat:{room}", f"typing:{room}"
    match action:
        case ChatAction.JOIN:
            return _join(context, said, typing)
        case ChatAction.SAY if not text.strip():
            raise RefusedError("There is nothing to say.", {"text": "is empty"})
        case ChatAction.SAY:
            context.join(said)
            sequence = context.publish(said, {"from": context.username, "text": text})
            return {"channel": said, "sequence": sequence}
        case ChatAction.TYPING:
            # The sender knows that they are typing.
            sequence = context.publish(typing, {"from": context.username}, to_self=False)
            return {"channel": typing, "sequence": sequence}
        case _:  # LEAVE
            context.leave(typing)
            return {"channel": said, "left": context.leave(said)}


def _join(context: Context, said: str, typing: str) -> dict[str, Any]:
    """Join first and read the history second: a message in between comes twice, never not at all.

    Clients recognize by `$sequence` what they have already.
    """
    context.join(said)
    context.join(typing)
    members = [
        {"username": member.username, "since": member.since} for member in context.members(said)
    ]
    history = [event.content() for event in context.history(said, limit=SHOWN)]
    return {"channel": said, "members": members, "history": history}
