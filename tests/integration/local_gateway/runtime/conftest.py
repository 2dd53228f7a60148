"""Tests run with each runtime client: Amazon's and our own for Python, our own for Node.js."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.programs import require_tool
from tests.support.receiver import Receiver, receiving
from tests.support.runtimes import NODE, PYTHON_CLIENTS, Runtimes


@pytest.fixture(params=[*PYTHON_CLIENTS, NODE])
async def runtimes(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Runtimes]:
    """For what is the same in both languages."""
    async for runtimes in _runtimes(tmp_path, request.param):
        yield runtimes


@pytest.fixture(params=PYTHON_CLIENTS)
async def python_runtimes(
    tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Runtimes]:
    """For what only Python has."""
    async for runtimes in _runtimes(tmp_path, request.param):
        yield runtimes


@pytest.fixture
async def node_runtimes(tmp_path: Path) -> AsyncIterator[Runtimes]:
    """For what only Node.js has."""
    async for runtimes in _runtimes(tmp_path, NODE):
        yield runtimes


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """What takes requests that were meant for AWS."""
    async with receiving() as receiver:
        yield receiver


async def _runtimes(directory: Path, client: str) -> AsyncIterator[Runtimes]:
    if client == NODE:
        require_tool("node")
    runtimes = Runtimes(directory=directory, client=client)
    yield runtimes
    for runtime in runtimes.started:
        await runtime.close()
