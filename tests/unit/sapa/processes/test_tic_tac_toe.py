"""The rules of tic-tac-toe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.errors import RefusedError
from sapa.processes import tic_tac_toe as rules
from sapa.processes.tic_tac_toe import Game


def played(*cells: int) -> Game:
    """A game of ana (X) and ben (O) after these moves."""
    game = rules.seat(rules.seat(rules.empty(), "ana"), "ben")
    for number, cell in enumerate(cells):
        game = rules.move(game, ("ana", "ben")[number % 2], cell)
    return game


def test_first_two_get_the_seats() -> None:
    game = rules.seat(rules.seat(rules.empty(), "ana"), "ana")
    assert game["players"] == {"X": "ana"}
    game = rules.seat(rules.seat(game, "ben"), "cem")
    assert game["players"] == {"X": "ana", "O": "ben"}
    assert game["change"] == 2


@pytest.mark.parametrize(
    ("cells", "board", "turn", "winner"),
    [
        ((), ".........", "X", None),
        ((5,), "....X....", "O", None),
        ((1, 4, 2, 5, 3), "XXXOO....", None, "X"),
        ((1, 3, 2, 5, 9, 7), "XXO.O.O.X", None, "O"),
        ((1, 2, 3, 5, 4, 6, 8, 7, 9), "XOXXOOOXX", None, "draw"),
        ((1, 2, 3, 4, 5, 6, 8, 7, 9), "XOXOXOOXX", None, "X"),
    ],
)
def test_games(cells: tuple[int, ...], board: str, turn: str | None, winner: str | None) -> None:
    game = played(*cells)
    assert (game["board"], game["turn"], game["winner"]) == (board, turn, winner)
    assert game["change"] == 2 + len(cells)


@pytest.mark.parametrize(
    ("game", "user", "cell", "reason"),
    [
        (rules.empty(), "ana", 1, "no seat"),
        (rules.seat(rules.empty(), "ana"), "ana", 1, "not here yet"),
        (played(), "cem", 1, "no seat"),
        (played(), "ben", 1, "ana's turn"),
        (played(5), "ben", 5, "Cell 5 is taken"),
        (played(1, 4, 2, 5, 3), "ben", 9, "over"),
    ],
)
def test_illegal_moves(game: Game, user: str, cell: int, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        rules.move(game, user, cell)


def test_again_swaps_the_marks_after_the_end_and_not_before() -> None:
    over = played(1, 4, 2, 5, 3)
    game = rules.again(over, "ben")
    assert (game["players"], game["board"], game["turn"]) == (
        {"X": "ben", "O": "ana"},
        "." * 9,
        "X",
    )
    assert (game["winner"], game["change"]) == (None, over["change"] + 1)
    for before, user in ((over, "cem"), (played(5), "ana"), (rules.empty(), "ana")):
        with pytest.raises(RefusedError, match="Only a player"):
            rules.again(before, user)


@given(st.permutations(range(1, 10)))
def test_any_order_of_moves_ends_once_and_rightly(cells: list[int]) -> None:
    game = played()
    for cell in cells:
        if game["turn"] is None:
            break
        game = rules.move(game, game["players"][game["turn"]], cell)
    marks = {mark: {i for i, one in enumerate(game["board"]) if one == mark} for mark in "XO"}
    rows = [{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 3, 6}, {1, 4, 7}, {2, 5, 8}, {0, 4, 8}, {2, 4, 6}]
    winners = {mark for mark in "XO" if any(row <= marks[mark] for row in rows)}
    assert game["turn"] is None
    assert winners == ({game["winner"]} - {"draw"})
    assert 0 <= len(marks["X"]) - len(marks["O"]) <= 1
