"""Notifications."""

import pytest

from sapa.processes.notify import notify
from sapa.refusals import ChannelNameError
from tests.unit.sapa.processes.world import World


def test_all_connections_of_the_user_get_it_and_nobody_else(world: World) -> None:
    ana, ben, phone = world.connect("ana"), world.connect("ben"), world.connect("ben")
    assert notify(ana.context, "Tea is ready", "ben") == {"channel": "user:ben", "sequence": 1}
    told = [{"notification": "Tea is ready", "from": "ana"}]
    assert (ben.heard("user:ben"), phone.heard("user:ben")) == (told, told)
    assert ana.inbox == []


def test_without_a_user_it_is_for_oneself(world: World) -> None:
    ana, phone = world.connect("ana"), world.connect("ana")
    notify(ana.context, "Remember the milk")
    assert [one["notification"] for one in phone.heard("user:ana")] == ["Remember the milk"]
    assert ana.inbox == phone.inbox


def test_nobody_there_is_no_error(world: World) -> None:
    assert notify(world.connect("ana").context, "Hai!", "nobody")["sequence"] == 1


def test_impossible_user_is_refused(world: World) -> None:
    with pytest.raises(ChannelNameError):
        notify(world.connect("ana").context, "Hai!", "no one")
