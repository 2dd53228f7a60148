"""Which runtime client is used."""

from pathlib import Path

import pytest

from local_gateway.runtime.settings import RuntimeSettings, choose_client


@pytest.mark.parametrize(("wanted", "client"), [(True, "awslambdaric"), (False, "bootstrap")])
def test_the_client_can_be_chosen(wanted: bool, client: str) -> None:
    assert choose_client(RuntimeSettings(use_awslambdaric=wanted)) == client


def test_nothing_is_assumed_of_another_interpreter() -> None:
    assert choose_client(RuntimeSettings(python=Path("python-remote_functions"))) == "bootstrap"
