"""Tic-tac-toe for two players and any number of spectators."""

from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Ge, Le, Len

from sapa.errors import RefusedError
from sapa.processes import tic_tac_toe as rules
from sapa.processes.business_process import Context, business_process
from sapa.processes.tic_tac_toe import Game

DAY = 86_400


class GameAction(StrEnum):
    """The actions at a table."""

    JOIN = "join"
    MOVE = "move"
    AGAIN = "again"
    LEAVE = "leave"


@business_process
def game(
    context: Context,
    action: GameAction,
    table: Annotated[str, Len(1, 64)] = "1",
    cell: Annotated[int, Ge(1), Le(9)] | None = None,
) -> dict[str, Any]:
    """Play tic-tac-toe: the first two users who `join` a table are X and O, all others watch.

    After `join` you receive the channel `game:TABLE`, which has the game after each action:
    `{"board": "X...O....", "players": {"X": "ana", "O": "ben"}, "turn": "X", "winner": null,
    "change": 4}`. A `move` names a `cell`, 1 to 9 by row. At the end `turn` is null and `winner`
    is a mark or `draw`; then `again` swaps the marks and empties the board.

    Two moves can arrive at the same time, in two functions that do not know of each other. So the
    rules only compute the next game from the last one, and the state stores it only if no other
    move was stored in between; else the rules run again with the newer game. No illegal game is
    ever stored. Events may still overtake each other on their way to the channel; `change` shows
    which game is newer.
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


def _after(before: Game, action: GameAction, user: str, cell: int | None) -> Game:
    match action:
        case GameAction.MOVE:
            if cell is None:
                raise RefusedError("A move needs a cell.", {"cell": "is missing"})
            return rules.move(before, user, cell)
        case GameAction.AGAIN:
            return rules.again(before, user)
        case _:
            return rules.seat(before, user)
