"""A fresh world for each test."""

import pytest

from tests.unit.sapa.processes.world import World


@pytest.fixture
def world() -> World:
    """Nobody is connected yet."""
    return World()
