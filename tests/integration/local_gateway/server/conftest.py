"""A gateway for each language of its functions, and a gate for each test that needs one."""

from collections.abc import Iterator

import pytest

from tests.support.applications import application
from tests.support.gate import Gate
from tests.support.gateway import RunningGateway
from tests.support.programs import require_tool


@pytest.fixture(scope="session", params=["python3.13", "nodejs20.x"])
def gateway(request: pytest.FixtureRequest) -> Iterator[RunningGateway]:
    if request.param.startswith("nodejs"):
        require_tool("node")
    with RunningGateway(application(request.param)) as running:
        yield running


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as gate:
        yield gate
