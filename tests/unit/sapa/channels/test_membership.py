"""Joining, leaving and vanishing."""

import pytest

from sapa.connections.connection import CONNECTION_SECONDS
from sapa.refusals import ChannelNameError, ForbiddenChannelError, TooManyChannelsError
from tests.unit.sapa.channel_fakes import Hall, connect, names

LOBBY = "chat:lobby"


@pytest.fixture
def hall() -> Hall:
    """Nobody is connected."""
    return Hall()


def test_connection_is_in_its_users_channel_alone(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    connect(hall, "c2", "ana")
    assert hall.channels_of("c1") == {"user:ana"}
    assert names(membership.members("user:ana")) == ["ana"]
    assert membership.members("user:ben") == []
    assert hall.announced == []


def test_users_are_announced_and_listed_once_whatever_their_tabs(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    connect(hall, "c2", "ana")
    connect(hall, "c3", "ben")
    joined = [membership.join(hall.subscriber(f"c{n}", user), LOBBY) for n, user in TABS]
    assert joined == [True, True, True]
    assert names(membership.members(LOBBY)) == ["ana", "ben"]
    assert membership.leave(hall.subscriber("c1", "ana"), LOBBY)
    assert names(membership.members(LOBBY)) == ["ana", "ben"]
    membership.forget("c2")
    assert names(membership.members(LOBBY)) == ["ben"]
    assert hall.announced == [
        (LOBBY, "joined", "ana"),
        (LOBBY, "joined", "ben"),
        (LOBBY, "left", "ana"),
    ]


TABS = [(1, "ana"), (2, "ana"), (3, "ben")]


def test_since_is_when_the_user_came_not_the_tab(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    connect(hall, "c2", "ana")
    membership.join(hall.subscriber("c1", "ana"), LOBBY)
    [first] = membership.members(LOBBY)
    membership.join(hall.subscriber("c2", "ana"), LOBBY)
    membership.leave(hall.subscriber("c1", "ana"), LOBBY)
    assert membership.members(LOBBY) == [first]


def test_joining_twice_and_leaving_what_one_is_not_in_do_nothing(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    ana = hall.subscriber("c1", "ana")
    assert not membership.leave(ana, LOBBY)
    assert membership.join(ana, LOBBY)
    assert not membership.join(ana, LOBBY)
    assert membership.leave(ana, LOBBY)
    assert not membership.leave(ana, LOBBY)
    assert [what for _, what, _ in hall.announced] == ["joined", "left"]


def test_channel_of_a_user_is_nobody_elses(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    ana = hall.subscriber("c1", "ana")
    assert not membership.join(ana, "user:ana")
    assert not membership.leave(ana, "user:ana")
    assert names(membership.members("user:ana")) == ["ana"]
    with pytest.raises(ForbiddenChannelError):
        membership.join(ana, "user:ben")
    assert not membership.leave(ana, "user:ben")


def test_what_is_no_channel_is_refused_everywhere(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    ana = hall.subscriber("c1", "ana")
    for call in (membership.join, membership.leave, membership.may_resume):
        with pytest.raises(ChannelNameError):
            call(ana, "chat lobby")
    with pytest.raises(ChannelNameError):
        membership.members("")


def test_channels_of_a_connection_are_limited(hall: Hall) -> None:
    hall.max_channels = 2
    membership = connect(hall, "c1", "ana")
    ana = hall.subscriber("c1", "ana")
    assert membership.join(ana, "a")
    assert membership.join(ana, "b")
    with pytest.raises(TooManyChannelsError, match="2 channels"):
        membership.join(ana, "c")
    assert not membership.join(ana, "b")
    membership.leave(ana, "a")
    assert membership.join(ana, "c")


def test_connection_that_is_gone_joins_nothing(hall: Hall) -> None:
    membership = hall.membership()
    assert not membership.join(hall.subscriber("gone", "ana"), LOBBY)
    assert hall.subscriptions.subscriptions == {}
    assert membership.members(LOBBY) == []
    assert hall.announced == []


def test_connection_whose_time_is_up_is_no_member(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    membership.join(hall.subscriber("c1", "ana"), LOBBY)
    hall.now += CONNECTION_SECONDS * 1000
    assert membership.members(LOBBY) == []
    assert membership.members("user:ana") == []
    connect(hall, "c2", "ana")
    membership.join(hall.subscriber("c2", "ana"), LOBBY)
    assert [what for _, what, _ in hall.announced] == ["joined", "joined"]


def test_permit_outlives_the_connection_and_not_a_leave(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    ana = hall.subscriber("c1", "ana")
    again = hall.subscriber("c2", "ana")
    assert not membership.may_resume(ana, LOBBY)
    membership.join(ana, LOBBY)
    membership.forget("c1")
    assert membership.may_resume(again, LOBBY)
    assert not membership.may_resume(hall.subscriber("c3", "ana", "other"), LOBBY)
    connect(hall, "c2", "ana")
    membership.join(again, LOBBY)
    membership.leave(again, LOBBY)
    assert not membership.may_resume(again, LOBBY)


def test_permit_stays_while_another_tab_is_in(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    connect(hall, "c2", "ana")
    for number in (1, 2):
        membership.join(hall.subscriber(f"c{number}", "ana"), LOBBY)
    membership.leave(hall.subscriber("c1", "ana"), LOBBY)
    membership.forget("c2")
    assert membership.may_resume(hall.subscriber("c3", "ana"), LOBBY)


def test_permit_runs_out(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    ana = hall.subscriber("c1", "ana")
    membership.join(ana, LOBBY)
    membership.forget("c1")
    hall.now = (ana.expires_at + 3_600) * 1000
    assert not membership.may_resume(ana, LOBBY)


def test_own_channel_and_current_ones_need_no_permit(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    ana = hall.subscriber("c1", "ana")
    membership.join(ana, LOBBY)
    hall.permits.permits.clear()
    assert membership.may_resume(ana, LOBBY)
    assert membership.may_resume(ana, "user:ana")
    assert not membership.may_resume(ana, "user:ben")


def test_members_can_be_limited(hall: Hall) -> None:
    membership = hall.membership()
    for name in ("ana", "ben", "cem"):
        connect(hall, name, name)
        membership.join(hall.subscriber(name, name), LOBBY)
    assert len(membership.members(LOBBY, 2)) == 2
