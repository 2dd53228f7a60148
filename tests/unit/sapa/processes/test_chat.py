"""Chat rooms."""

import pytest

from sapa.processes.chat import ChatAction, chat
from sapa.refusals import ChannelNameError, RefusedError
from tests.unit.sapa.processes.world import World


def test_room_hears_what_is_said_and_others_do_not(world: World) -> None:
    ana, ben, cem = (world.connect(name) for name in ("ana", "ben", "cem"))
    chat(ana.context, ChatAction.JOIN)
    chat(cem.context, ChatAction.JOIN, "kitchen")
    answer = chat(ben.context, ChatAction.SAY, text="Hai!")
    assert answer == {"channel": "chat:lobby", "sequence": 1}
    said = [{"from": "ben", "text": "Hai!"}]
    assert (ana.heard("chat:lobby"), ben.heard("chat:lobby")) == (said, said)
    assert cem.inbox == []


def test_join_tells_who_is_there_and_the_last_50_messages(world: World) -> None:
    ana, ben = world.connect("ana"), world.connect("ben")
    for number in range(60):
        chat(ana.context, ChatAction.SAY, text=str(number))
    world.now += 5
    answer = chat(ben.context, ChatAction.JOIN)
    assert [one["username"] for one in answer["members"]] == ["ana", "ben"]
    assert answer["members"][1]["since"] == world.now
    assert [one["text"] for one in answer["history"]] == [str(number) for number in range(10, 60)]
    assert {*answer["history"][0]} == {"$channel", "$sequence", "$sent_at", "from", "text"}
    assert answer["history"][-1]["$sequence"] == 60


def test_typing_is_heard_by_others_and_is_in_no_history(world: World) -> None:
    ana, ben = world.connect("ana"), world.connect("ben")
    for one in (ana, ben):
        chat(one.context, ChatAction.JOIN)
    chat(ana.context, ChatAction.TYPING)
    assert (ben.heard("typing:lobby"), ana.inbox) == ([{"from": "ana"}], [])
    assert chat(world.connect("cem").context, ChatAction.JOIN)["history"] == []


def test_who_left_hears_nothing_more(world: World) -> None:
    ana, ben = world.connect("ana"), world.connect("ben")
    chat(ana.context, ChatAction.JOIN)
    assert chat(ana.context, ChatAction.LEAVE)["left"] is True
    assert chat(ana.context, ChatAction.LEAVE)["left"] is False
    chat(ben.context, ChatAction.SAY, text="Gone?")
    chat(ben.context, ChatAction.TYPING)
    assert ana.inbox == []
    assert [one.username for one in ben.members("chat:lobby")] == ["ben"]


def test_silence_and_impossible_rooms_are_refused(world: World) -> None:
    ana = world.connect("ana")
    with pytest.raises(RefusedError) as refusal:
        chat(ana.context, ChatAction.SAY, text="  ")
    assert refusal.value.fields == {"text": "is empty"}
    for action in ChatAction:
        with pytest.raises(ChannelNameError):
            chat(ana.context, action, "the kitchen", "Hai!")
    assert (world.events, ana.channels) == ({}, {})
