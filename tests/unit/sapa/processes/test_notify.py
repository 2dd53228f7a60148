"""Notifications."""

import pytest

from sapa.errors import ChannelNameError
from sapa.processes.notify import notify
from tests.unit.sapa.fakes import FakeServices


def test_all_connections_of_the_user_get_it_and_nobody_else(services: FakeServices) -> None:
    ana, ben, phone = services.connect("ana"), services.connect("ben"), services.connect("ben")
    assert notify(ana.context, "Tea is ready", "ben") == {"channel": "user:ben", "sequence": 1}
    received = [{"notification": "Tea is ready", "from": "ana"}]
    assert (ben.payloads("user:ben"), phone.payloads("user:ben")) == (received, received)
    assert ana.inbox == []


def test_without_a_user_it_is_for_oneself(services: FakeServices) -> None:
    ana, phone = services.connect("ana"), services.connect("ana")
    notify(ana.context, "Remember the milk")
    assert [each["notification"] for each in phone.payloads("user:ana")] == ["Remember the milk"]
    assert ana.inbox == phone.inbox


def test_nobody_there_is_no_error(services: FakeServices) -> None:
    assert notify(services.connect("ana").context, "Hai!", "nobody")["sequence"] == 1


def test_impossible_user_is_refused(services: FakeServices) -> None:
    with pytest.raises(ChannelNameError):
        notify(services.connect("ana").context, "Hai!", "no one")
