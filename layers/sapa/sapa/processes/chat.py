"""Chat rooms: who is there, who is typing, and what was said before one came."""

from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Len, MaxLen

from sapa.channels.publisher import event_content
from sapa.processes.business_process import Context, business_process
from sapa.refusals import RefusedError

SHOWN = 50


class ChatAction(StrEnum):
    """What one does in a room."""

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
    """Talk in rooms.

    A room is two channels. `chat:ROOM` has what is said: `{"from": "ana", "text": "Hai!"}`, and
    its presence says who comes and goes. `typing:ROOM` has `{"from": "ana"}` when somebody types:
    nobody needs that later, so it is kept apart and the template keeps no history of `typing:`.

    `join` answers with the members and the last 50 messages; `say` joins first, so that one hears
    the answers. `text` matters to `say` alone.
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
            # Those who type know it: their own connection is left out.
            sequence = context.publish(typing, {"from": context.username}, to_self=False)
            return {"channel": typing, "sequence": sequence}
        case ChatAction.LEAVE:
            context.leave(typing)
            return {"channel": said, "left": context.leave(said)}


def _join(context: Context, said: str, typing: str) -> dict[str, Any]:
    """Join first and look back second: what is said in between comes twice rather than never.

    Clients tell by `$sequence` what they have already.
    """
    context.join(said)
    context.join(typing)
    members = [{"username": one.username, "since": one.since} for one in context.members(said)]
    history = [event_content(event) for event in context.history(said, limit=SHOWN)]
    return {"channel": said, "members": members, "history": history}
