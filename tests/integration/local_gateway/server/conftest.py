"""One gateway for all tests of this folder, and a gate for each test that needs one."""

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
