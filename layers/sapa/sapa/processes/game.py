"""Tic-tac-toe for two, and for everybody who wants to look."""

from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Ge, Le, Len

from sapa.processes import tic_tac_toe as rules
from sapa.processes.business_process import Context, business_process
from sapa.processes.tic_tac_toe import Game

DAY = 86_400


class GameAction(StrEnum):
    """What one does at a table."""

    JOIN = "join"
    MOVE = "move"
    AGAIN = "again"
    LEAVE = "leave"


@business_process
def game(
    context: Context,
    action: GameAction,
    table: Annotated[str, Len(1, 64)] = "1",
    cell: Annotated[int, Ge(1), Le(9)] = 5,
) -> dict[str, Any]:
    """Play tic-tac-toe: the first two who `join` a table are X and O, all others watch.

    Who joined hears the channel `game:TABLE`, which has the game after each action: `{"board":
    "X...O....", "players": {"X": "ana", "O": "ben"}, "turn": "X", "winner": null, "change": 4}`.
    A `move` names a `cell`, 1 to 9 by row. In the end `turn` is null and `winner` a mark or
    `draw`; then `again` swaps the marks and empties the board.

    Two moves can come at once, to two functions that know nothing of each other. So the rules
    only make a game of the game before, and the state takes it if nobody else has stored one
    since; else they are asked again, about that one. No illegal game is ever stored. Events can
    still overtake each other on their way to the channel; `change` tells which game is newer.
    """
    channel = f"game:{table}"
    if action is GameAction.LEAVE:
        return {"channel": channel, "left": context.leave(channel)}
    if action is GameAction.JOIN:
        context.join(channel)

    def change(before: Game | None) -> Game:
        return _after(before or rules.empty(), action, context.username, cell)

    after: Game = context.state.update(table, change, ttl=DAY)
    sequence = context.publish(channel, after)
    return {"channel": channel, "sequence": sequence, **after}


def _after(before: Game, action: GameAction, user: str, cell: int) -> Game:
    match action:
        case GameAction.MOVE:
            return rules.move(before, user, cell)
        case GameAction.AGAIN:
            return rules.again(before, user)
        case _:
            return rules.seat(before, user)
