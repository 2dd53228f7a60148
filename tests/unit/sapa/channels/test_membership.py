"""Joining, leaving and the removal of connections."""

import pytest

from sapa.connections.connection import CONNECTION_SECONDS
from sapa.errors import ChannelNameError, ForbiddenChannelError, TooManyChannelsError
from tests.unit.sapa.fakes import Client, FakeServices, names

LOBBY = "chat:lobby"


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


def members(services: FakeServices, channel: str = LOBBY) -> list[str]:
    """The names of a channel's members."""
    return names(services.membership.members(channel))


def test_connection_is_in_its_users_channel_alone(services: FakeServices) -> None:
    ana = services.connect("ana")
    services.connect("ana")
    assert ana.channels == {"user:ana"}
    assert members(services, "user:ana") == ["ana"]
    assert members(services, "user:ben") == []
    assert services.announced == []


def test_users_are_announced_and_listed_once_whatever_their_tabs(services: FakeServices) -> None:
    ana, phone, ben = (services.connect(name) for name in ("ana", "ana", "ben"))
    assert [client.join(LOBBY) for client in (ana, phone, ben)] == [True, True, True]
    assert members(services) == ["ana", "ben"]
    assert ana.leave(LOBBY)
    assert members(services) == ["ana", "ben"]
    phone.close()
    assert members(services) == ["ben"]
    assert services.announced == [
        (LOBBY, "joined", "ana"),
        (LOBBY, "joined", "ben"),
        (LOBBY, "left", "ana"),
    ]


def test_since_is_when_the_user_came_not_the_tab(services: FakeServices) -> None:
    ana, phone = services.connect("ana"), services.connect("ana")
    ana.join(LOBBY)
    [first] = services.membership.members(LOBBY)
    phone.join(LOBBY)
    ana.leave(LOBBY)
    assert services.membership.members(LOBBY) == [first]


def test_joining_twice_and_leaving_twice_change_nothing(services: FakeServices) -> None:
    ana = services.connect("ana")
    assert not ana.leave(LOBBY)
    assert ana.join(LOBBY)
    assert not ana.join(LOBBY)
    assert ana.leave(LOBBY)
    assert not ana.leave(LOBBY)
    assert [change for _, change, _ in services.announced] == ["joined", "left"]


def test_channel_of_a_user_is_nobody_elses(services: FakeServices) -> None:
    ana = services.connect("ana")
    assert not ana.join("user:ana")
    assert not ana.leave("user:ana")
    assert members(services, "user:ana") == ["ana"]
    with pytest.raises(ForbiddenChannelError):
        ana.join("user:ben")
    assert not ana.leave("user:ben")


def test_invalid_channel_names_are_refused_everywhere(services: FakeServices) -> None:
    ana = services.connect("ana")
    for call in (ana.join, ana.leave, ana.may_resume):
        with pytest.raises(ChannelNameError):
            call("chat lobby")
    with pytest.raises(ChannelNameError):
        services.membership.members("")


def test_channels_of_a_connection_are_limited() -> None:
    ana = FakeServices(MAX_CHANNELS_PER_CONNECTION="2").connect("ana")
    assert ana.join("a")
    assert ana.join("b")
    with pytest.raises(TooManyChannelsError, match="2 channels"):
        ana.join("c")
    assert not ana.join("b")
    ana.leave("a")
    assert ana.join("c")


def test_connection_that_is_gone_joins_nothing(services: FakeServices) -> None:
    assert not Client(services, "ana", "gone").join(LOBBY)
    assert services.subscription_store.subscriptions == {}
    assert members(services) == []
    assert services.announced == []


def test_expired_connection_is_no_member(services: FakeServices) -> None:
    services.connect("ana").join(LOBBY)
    services.now += CONNECTION_SECONDS * 1000
    assert members(services) == []
    assert members(services, "user:ana") == []
    services.connect("ana").join(LOBBY)
    assert [change for _, change, _ in services.announced] == ["joined", "joined"]


def test_resume_is_allowed_after_a_close_and_not_after_a_leave(services: FakeServices) -> None:
    ana = services.connect("ana")
    assert not ana.may_resume(LOBBY)
    ana.join(LOBBY)
    ana.close()
    again = Client(services, "ana", "again")
    assert again.may_resume(LOBBY)
    assert not Client(services, "ana", "elsewhere", "other session").may_resume(LOBBY)
    again = services.connect("ana")
    again.join(LOBBY)
    again.leave(LOBBY)
    assert not again.may_resume(LOBBY)


def test_resume_stays_allowed_while_another_tab_is_in(services: FakeServices) -> None:
    ana, phone = services.connect("ana"), services.connect("ana")
    for client in (ana, phone):
        client.join(LOBBY)
    ana.leave(LOBBY)
    phone.close()
    assert Client(services, "ana", "again").may_resume(LOBBY)


def test_session_that_left_may_not_resume_though_another_session_is_in(
    services: FakeServices,
) -> None:
    laptop, phone = (services.connect("ana", session_id=each) for each in ("laptop", "phone"))
    for client in (laptop, phone):
        client.join(LOBBY)
    laptop.leave(LOBBY)
    assert not laptop.may_resume(LOBBY)
    assert phone.may_resume(LOBBY)
    assert [change for _, change, _ in services.announced] == ["joined"]
    phone.leave(LOBBY)
    assert not phone.may_resume(LOBBY)
    assert [change for _, change, _ in services.announced] == ["joined", "left"]


def test_session_may_resume_while_its_other_tab_is_in_and_not_after(services: FakeServices) -> None:
    tabs = [services.connect("ana", session_id="laptop") for _ in range(2)]
    services.connect("ana", session_id="phone").join(LOBBY)
    for tab in tabs:
        tab.join(LOBBY)
    tabs[0].leave(LOBBY)
    assert tabs[0].may_resume(LOBBY)
    tabs[1].leave(LOBBY)
    assert not tabs[0].may_resume(LOBBY)


def test_resume_ends_with_the_retention(services: FakeServices) -> None:
    ana = services.connect("ana")
    ana.join(LOBBY)
    ana.close()
    services.now = (ana.subscriber.expires_at + 3_600) * 1000
    assert not ana.may_resume(LOBBY)


def test_own_channel_and_current_ones_can_always_be_resumed(services: FakeServices) -> None:
    ana = services.connect("ana")
    ana.join(LOBBY)
    services.session_channel_store.channels.clear()
    assert ana.may_resume(LOBBY)
    assert ana.may_resume("user:ana")
    assert not ana.may_resume("user:ben")


def test_members_can_be_limited(services: FakeServices) -> None:
    for name in ("ana", "ben", "cem"):
        services.connect(name).join(LOBBY)
    assert len(services.membership.members(LOBBY, 2)) == 2
