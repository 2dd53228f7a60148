"""Chat rooms."""

import pytest

from sapa.errors import ChannelNameError, RefusedError
from sapa.processes.chat import ChatAction, chat
from tests.unit.sapa.fakes import FakeServices


def test_room_hears_what_is_said_and_others_do_not(services: FakeServices) -> None:
    ana, ben, cem = (services.connect(name) for name in ("ana", "ben", "cem"))
    chat(ana.context, ChatAction.JOIN)
    chat(cem.context, ChatAction.JOIN, "kitchen")
    answer = chat(ben.context, ChatAction.SAY, text="Hai!")
    assert answer == {"channel": "chat:lobby", "sequence": 1}
    said = [{"from": "ben", "text": "Hai!"}]
    assert (ana.payloads("chat:lobby"), ben.payloads("chat:lobby")) == (said, said)
    assert cem.inbox == []


def test_join_tells_who_is_there_and_the_last_50_messages(services: FakeServices) -> None:
    ana, ben = services.connect("ana"), services.connect("ben")
    for number in range(60):
        chat(ana.context, ChatAction.SAY, text=str(number))
    services.now += 5
    answer = chat(ben.context, ChatAction.JOIN)
    assert [each["username"] for each in answer["members"]] == ["ana", "ben"]
    assert answer["members"][1]["since"] == services.now
    assert [each["text"] for each in answer["history"]] == [str(number) for number in range(10, 60)]
    assert {*answer["history"][0]} == {"$channel", "$sequence", "$sent_at", "from", "text"}
    assert answer["history"][-1]["$sequence"] == 60


def test_typing_is_heard_by_others_and_is_in_no_history(services: FakeServices) -> None:
    ana, ben = services.connect("ana"), services.connect("ben")
    for each in (ana, ben):
        chat(each.context, ChatAction.JOIN)
    chat(ana.context, ChatAction.TYPING)
    assert (ben.payloads("typing:lobby"), ana.inbox) == ([{"from": "ana"}], [])
    assert chat(services.connect("cem").context, ChatAction.JOIN)["history"] == []


def test_who_left_hears_nothing_more(services: FakeServices) -> None:
    ana, ben = services.connect("ana"), services.connect("ben")
    chat(ana.context, ChatAction.JOIN)
    assert chat(ana.context, ChatAction.LEAVE)["left"] is True
    assert chat(ana.context, ChatAction.LEAVE)["left"] is False
    chat(ben.context, ChatAction.SAY, text="Gone?")
    chat(ben.context, ChatAction.TYPING)
    assert ana.inbox == []
    assert [each.username for each in services.membership.members("chat:lobby")] == ["ben"]


def test_silence_and_impossible_rooms_are_refused(services: FakeServices) -> None:
    ana = services.connect("ana")
    with pytest.raises(RefusedError) as refusal:
        chat(ana.context, ChatAction.SAY, text="  ")
    assert refusal.value.fields == {"text": "is empty"}
    for action in ChatAction:
        with pytest.raises(ChannelNameError):
            chat(ana.context, action, "the kitchen", "Hai!")
    assert (services.log.kept, ana.channels) == ({}, {"user:ana"})
