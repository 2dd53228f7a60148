"""Which runtime client runs Python functions."""

import sys
from pathlib import Path

import pytest

from local_gateway.runtime.languages.python import choose_client


@pytest.mark.parametrize(("wanted", "client"), [(True, "awslambdaric"), (False, "bootstrap")])
def test_the_client_can_be_chosen(wanted: bool, client: str) -> None:
    assert choose_client(wanted, Path(sys.executable)) == client


def test_nothing_is_assumed_of_another_interpreter() -> None:
    assert choose_client(None, Path("another-python")) == "bootstrap"
