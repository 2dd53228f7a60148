"""What can name a channel."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.channels.channel import channel_name, user_channel
from sapa.errors import ChannelNameError


@pytest.mark.parametrize(
    "name", ["a", "chat:lobby", "iot/device-1.temperature_2", "0", "x" * 128, ":", "user", "user/a"]
)
def test_names(name: str) -> None:
    assert channel_name(name) == name


@pytest.mark.parametrize("username", ["ana", "démo", "ana@example.com", "x" * 128, "田中", "a#1"])
def test_every_user_has_a_channel(username: str) -> None:
    assert channel_name(user_channel(username)) == f"user:{username}"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "chat lobby",
        "chat\n",
        "chat\n:a",
        "é",
        "a#1",
        "$a",
        "x" * 129,
        "user:",
        "user:a b",
        "user:a\x00",
        "user:" + "x" * 129,
        "USER:é",
    ],
)
def test_other_texts_are_refused(name: str) -> None:
    with pytest.raises(ChannelNameError) as refused:
        channel_name(name)
    assert refused.value.name == name


@given(st.text())
def test_any_text_is_a_name_or_refused(text: str) -> None:
    with suppress(ChannelNameError):
        assert channel_name(text) == text
