"""Tests run with each runtime client: Amazon's, where it is installed, and our own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.programs import require_tool
from tests.support.receiver import Receiver, receiving
from tests.support.runtimes import NODE_CLIENTS, PYTHON_CLIENTS, Runtimes


@pytest.fixture(params=[*PYTHON_CLIENTS, *NODE_CLIENTS])
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


@pytest.fixture(params=NODE_CLIENTS)
async def node_runtimes(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Runtimes]:
    """For what only Node.js has."""
    async for runtimes in _runtimes(tmp_path, request.param):
        yield runtimes


@pytest.fixture
async def own_node_runtimes(tmp_path: Path) -> AsyncIterator[Runtimes]:
    """For what Amazon's client for Node.js does not have, or not in every version."""
    async for runtimes in _runtimes(tmp_path, NODE_CLIENTS[0]):
        yield runtimes


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """What takes requests that were meant for AWS."""
    async with receiving() as receiver:
        yield receiver


async def _runtimes(directory: Path, client: str) -> AsyncIterator[Runtimes]:
    if client in NODE_CLIENTS:
        require_tool("node")
    runtimes = Runtimes(directory=directory, client=client)
    yield runtimes
    for runtime in runtimes.started:
        await runtime.close()
