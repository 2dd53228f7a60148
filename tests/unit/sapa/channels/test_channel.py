"""What can name a channel."""

import re
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.channels.channel import (
    NAME_PATTERN,
    USERNAME_PATTERN,
    channel_name,
    encoded_username,
    is_username,
    user_channel,
)
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


def test_pattern_in_the_documents_is_the_rule_for_user_names() -> None:
    pattern = re.compile(USERNAME_PATTERN)
    characters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    assert [each for each in characters if is_username(each)] == [
        each for each in characters if pattern.fullmatch(each)
    ]
    assert not is_username("a\ud800")


@given(st.from_regex(NAME_PATTERN) | st.text() | st.text().map(user_channel))
def test_pattern_in_the_documents_is_the_rule_for_channels(text: str) -> None:
    fits = re.compile(NAME_PATTERN).fullmatch(text) is not None and text != "user:"
    try:
        channel_name(text)
    except ChannelNameError:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(
    ("username", "encoded"),
    [
        ("ana", "ana"),
        ("a-b_c.d:e", "a-b_c.d:e"),
        ("ana@example.com", "ana/40/example.com"),
        ("a/40/b", "a/2f/40/2f/b"),
        ("démo", "d/e9/mo"),
        ("田", "/7530/"),
        ("👍", "/1f44d/"),
        ("", ""),
    ],
)
def test_username_is_encoded_in_a_channel(username: str, encoded: str) -> None:
    assert encoded_username(username) == encoded
    assert channel_name(f"posts:{encoded}") == f"posts:{encoded}"


@given(st.text(max_size=8), st.text(max_size=8))
def test_different_users_have_different_channels(first: str, second: str) -> None:
    for name in (first, second):
        if not is_username(name):
            with pytest.raises(ChannelNameError):
                encoded_username(name)
            return
    assert (encoded_username(first) == encoded_username(second)) == (first == second)
    assert channel_name(f"posts:{encoded_username(first)}")
