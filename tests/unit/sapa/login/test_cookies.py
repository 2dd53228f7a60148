"""Our cookie among others, well-formed or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.login.cookies import COOKIE_NAME, auth_tokens

OURS = f"{COOKIE_NAME}=abc"


@pytest.mark.parametrize(
    ("header", "tokens"),
    [
        ("", ()),
        (OURS, ("abc",)),
        (f"a=b; {OURS}; c=d", ("abc",)),
        (f"a=b;{OURS};", ("abc",)),
        (f"bad pair; {{json: 1}}; {OURS}", ("abc",)),
        (f'a="b; {OURS}', ("abc",)),
        (f'{COOKIE_NAME}="abc"', ("abc",)),
        (f"{COOKIE_NAME} = abc", ("abc",)),
        (f"{COOKIE_NAME}=", ("",)),
        (COOKIE_NAME, ("",)),
        (f"{COOKIE_NAME}=a b", ("",)),
        (f"{COOKIE_NAME}=é", ("",)),
        (f"{COOKIE_NAME}={'x' * 10_000}", ("",)),
        (f"{OURS}; {COOKIE_NAME}=def", ("abc", "def")),
        (f"{COOKIE_NAME.upper()}=abc", ()),
        (f"x{OURS}", ()),
        (f"a={COOKIE_NAME}", ()),
    ],
)
def test_tokens_of_a_header(header: str, tokens: tuple[str, ...]) -> None:
    assert auth_tokens([header]) == tokens


def test_tokens_of_several_headers() -> None:
    assert auth_tokens([OURS, "a=b", f"{COOKIE_NAME}=def"]) == ("abc", "def")


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    assert auth_tokens([f"{header};{OURS}"])[-1:] == ("abc",)


@given(st.text())
def test_any_value_is_read(value: str) -> None:
    assert len(auth_tokens([f"{COOKIE_NAME}={value}"])) >= 1
