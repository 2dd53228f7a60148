"""The rules of tic-tac-toe: each takes a game and returns the next one.

They know nothing of messages, channels and storage, so their tests need none. An illegal action
raises `RefusedError`.
"""

from typing import TypedDict

from sapa.errors import RefusedError

LINES = ("012", "345", "678", "036", "147", "258", "048", "246")


class Game(TypedDict):
    """A game as it is stored and published.

    `board` is the nine cells by row, each `X`, `O` or `.`; `players` the users by their mark;
    `turn` the mark to move, `None` after the end; `winner` a mark or `draw`. `change` counts all
    changes at this table: of two games, the one with the higher number is newer.
    """

    board: str
    players: dict[str, str]
    turn: str | None
    winner: str | None
    change: int


def empty() -> Game:
    """A table without players."""
    return Game(board="." * 9, players={}, turn="X", winner=None, change=0)


def seat(before: Game, user: str) -> Game:
    """The first user is X, the second O; for all others, nothing changes."""
    players = before["players"]
    if user in players.values() or len(players) == 2:
        return before
    return _changed(before, before["board"], {**players, "O" if players else "X": user})


def move(before: Game, user: str, cell: int) -> Game:
    """Put the user's mark into a cell, 1 to 9."""
    board, players, turn = before["board"], before["players"], before["turn"]
    if user not in players.values():
        raise RefusedError("You have no seat at this table.")
    if turn is None:
        raise RefusedError("The game is over.")
    if len(players) < 2:
        raise RefusedError("Your opponent is not here yet.")
    if players[turn] != user:
        raise RefusedError(f"It is {players[turn]}'s turn.")
    if board[cell - 1] != ".":
        raise RefusedError(f"Cell {cell} is taken.", {"cell": "is taken"})
    return _changed(before, board[: cell - 1] + turn + board[cell:], players)


def again(before: Game, user: str) -> Game:
    """Empty the board and swap the marks."""
    players = before["players"]
    if user not in players.values() or before["turn"] is not None:
        raise RefusedError("Only a player begins again, and only after the end.")
    return _changed(before, "." * 9, {"X": players["O"], "O": players["X"]})


def _changed(before: Game, board: str, players: dict[str, str]) -> Game:
    turn, last = ("X", "O") if board.count("X") == board.count("O") else ("O", "X")
    won = any({board[int(cell)] for cell in line} == {last} for line in LINES)
    winner = last if won else None if "." in board else "draw"
    return Game(
        board=board,
        players=players,
        turn=None if winner else turn,
        winner=winner,
        change=before["change"] + 1,
    )
