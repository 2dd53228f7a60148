import base64
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
    connection_id, request_id = ids.encode_id(raw), ids.encode_id(other)
    message_id = ids.message_id(connection_id, request_id)
    assert ids.is_well_formed_id(message_id)
    assert base64.urlsafe_b64decode(message_id) == other[:6] + raw[6:]


def test_the_published_message_id_shares_its_tail_with_its_connection() -> None:
    request_id = ids.encode_id(bytes.fromhex("045695b5f192") + bytes(5))
    assert ids.message_id("BFaT_fALIAMCKug=", request_id) == "BFaVtfGSIAMCKug="


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
