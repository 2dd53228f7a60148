"""The bot's services in memory, with nobody connected, whose time stands still."""

import pytest

from tests.unit.sapa.fakes import FakeServices


@pytest.fixture
def services() -> FakeServices:
    return FakeServices(tick=0)
