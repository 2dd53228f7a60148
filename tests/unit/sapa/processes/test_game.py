"""The game as players and spectators meet it."""

import pytest

from sapa.errors import ChannelNameError, RefusedError
from sapa.processes.game import GameAction, game
from tests.unit.sapa.fakes import Client, FakeServices


@pytest.fixture
def players(services: FakeServices) -> tuple[Client, Client]:
    """Ana (X) and ben (O) at table 1."""
    ana, ben = services.connect("ana"), services.connect("ben")
    for each in (ana, ben):
        game(each.context, GameAction.JOIN)
    return ana, ben


def test_everybody_at_the_table_sees_each_move(
    services: FakeServices, players: tuple[Client, Client]
) -> None:
    ana, ben = players
    cem = services.connect("cem")
    joined = game(cem.context, GameAction.JOIN)
    assert (joined["board"], joined["players"]) == ("." * 9, {"X": "ana", "O": "ben"})
    answer = game(ana.context, GameAction.MOVE, cell=5)
    played = {key: answer[key] for key in ("board", "players", "turn", "winner", "change")}
    assert (played["board"], played["turn"]) == ("....X....", "O")
    assert [each.payloads("game:1")[-1] for each in (ana, ben, cem)] == [played] * 3


def test_game_is_kept_for_those_who_come_later(
    services: FakeServices, players: tuple[Client, Client]
) -> None:
    ana, _ = players
    game(ana.context, GameAction.MOVE, cell=1)
    ana.close()
    back = services.connect("ana")
    answer = game(back.context, GameAction.JOIN)
    assert (answer["board"], answer["players"]["X"]) == ("X........", "ana")


def test_of_two_moves_at_once_one_wins(
    services: FakeServices, players: tuple[Client, Client]
) -> None:
    ana, _ = players
    phone = services.connect("ana")
    services.states.meanwhile = lambda: game(phone.context, GameAction.MOVE, cell=1)
    with pytest.raises(RefusedError, match="ben's turn"):
        game(ana.context, GameAction.MOVE, cell=2)
    assert game(ana.context, GameAction.JOIN)["board"] == "X........"


def test_of_two_who_sit_down_at_once_each_gets_a_seat(services: FakeServices) -> None:
    ana, ben = services.connect("ana"), services.connect("ben")
    services.states.meanwhile = lambda: game(ben.context, GameAction.JOIN)
    answer = game(ana.context, GameAction.JOIN)
    assert answer["players"] == {"X": "ben", "O": "ana"}


def test_illegal_move_changes_nothing(
    services: FakeServices, players: tuple[Client, Client]
) -> None:
    ana, ben = players
    before = len(ana.inbox)
    with pytest.raises(RefusedError, match="ana's turn"):
        game(ben.context, GameAction.MOVE, cell=5)
    with pytest.raises(RefusedError, match="needs a cell"):
        game(ana.context, GameAction.MOVE)
    with pytest.raises(RefusedError, match="no seat"):
        game(services.connect("cem").context, GameAction.MOVE, cell=5)
    assert len(ana.inbox) == before


def test_tables_know_nothing_of_each_other(
    services: FakeServices, players: tuple[Client, Client]
) -> None:
    ana, ben = players
    answer = game(ben.context, GameAction.JOIN, "2")
    assert answer["players"] == {"X": "ben"}
    assert ana.payloads("game:2") == []


def test_again_begins_a_new_game(players: tuple[Client, Client]) -> None:
    ana, ben = players
    for player, cell in ((ana, 1), (ben, 4), (ana, 2), (ben, 5), (ana, 3)):
        game(player.context, GameAction.MOVE, cell=cell)
    assert ben.payloads("game:1")[-1]["winner"] == "X"
    assert game(ana.context, GameAction.AGAIN)["players"] == {"X": "ben", "O": "ana"}


def test_who_leaves_hears_no_more(players: tuple[Client, Client]) -> None:
    ana, ben = players
    assert game(ben.context, GameAction.LEAVE) == {"channel": "game:1", "left": True}
    heard = len(ben.inbox)
    game(ana.context, GameAction.MOVE, cell=1)
    assert len(ben.inbox) == heard


def test_impossible_table_is_refused(services: FakeServices) -> None:
    with pytest.raises(ChannelNameError):
        game(services.connect("ana").context, GameAction.JOIN, "by the window")
