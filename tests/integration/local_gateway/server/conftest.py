"""One gateway for all tests of this folder, and a gate for each test that needs one."""

import dataclasses
from collections.abc import Iterator

import pytest

from tests.support.applications import application
from tests.support.gate import Gate
from tests.support.gateway import RunningGateway


@pytest.fixture(scope="session")
def gateway() -> Iterator[RunningGateway]:
    with RunningGateway(application()) as running:
        yield running


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as gate:
        yield gate


@pytest.fixture
def hasty_gateway() -> Iterator[RunningGateway]:
    """Its functions have a tenth of a second once they run."""
    hasty = application()
    functions = {
        name: dataclasses.replace(function, timeout=0.1)
        for name, function in hasty.functions.items()
    }
    with RunningGateway(dataclasses.replace(hasty, functions=functions)) as running:
        yield running
