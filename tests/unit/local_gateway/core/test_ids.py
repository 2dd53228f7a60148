import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core import ids

RAW = st.binary(min_size=11, max_size=11)
CAPTURED = ["XDmENcnwIE0CFEQ=", "VNRUSeldSwMCIRQ=", "R0oXAdfD0kwCH6w=", "BFaT_fALIAMCKug="]


@given(RAW)
def test_every_id_has_the_captured_form(raw: bytes) -> None:
    text = ids.encode_id(raw)
    assert re.fullmatch(r"[\w-]{15}=", text, re.ASCII)
    assert ids.is_well_formed_id(text)


@given(RAW, RAW)
def test_a_message_id_ends_like_its_connection_id(raw: bytes, other: bytes) -> None:
    connection_id = ids.connection_id(raw)
    message_id = ids.message_id(connection_id, other)
    assert ids.is_well_formed_id(message_id)
    assert message_id[-6:] == connection_id[-6:]
    assert message_id[:8] == ids.encode_id(other)[:8]


def test_the_published_message_id_shares_its_tail_with_its_connection() -> None:
    raw = bytes.fromhex("045695b5f192") + bytes(5)
    assert ids.message_id("BFaT_fALIAMCKug=", raw) == "BFaVtfGSIAMCKug="


@given(RAW)
def test_connection_and_request_ids_carry_the_captured_ninth_byte(raw: bytes) -> None:
    assert ids.connection_id(raw) == ids.encode_id(raw[:8] + b"\x02" + raw[9:])
    assert ids.request_id(raw) == ids.encode_id(raw[:8] + b"\x05" + raw[9:])


@pytest.mark.parametrize("length", [0, 10, 12, 16])
def test_only_eleven_bytes_make_an_id(length: int) -> None:
    for make in (ids.encode_id, ids.connection_id, ids.request_id):
        with pytest.raises(ValueError, match=f"11 bytes, got {length}"):
            make(bytes(length))
    with pytest.raises(ValueError, match=f"11 bytes, got {length}"):
        ids.message_id(CAPTURED[0], bytes(length))


@pytest.mark.parametrize("text", CAPTURED)
def test_captured_ids_are_well_formed(text: str) -> None:
    assert ids.is_well_formed_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "XDmENcnwIE0CFEQ",
        "XDmENcnwIE0CFEQ%3D",
        "XDmENcnwIE0CFER=",
        "XDmENcnwIE0+FEQ=",
        "XDmENcnwIE0CFEQ=\n",
        "3d3a6b0e-9d0c-4d0c-8a5e-2f2f2f2f2f2f",
    ],
)
def test_other_texts_are_malformed(text: str) -> None:
    assert not ids.is_well_formed_id(text)
    with pytest.raises(ValueError, match="expected a connection id"):
        ids.message_id(text, bytes(11))
