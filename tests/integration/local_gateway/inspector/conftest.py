from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.integration.local_gateway.inspector.inspected_gateway import (
    Inspected,
    inspected_gateway,
)


@pytest.fixture
async def gateway() -> AsyncIterator[Inspected]:
    """A gateway with the inspector in its place."""
    async with inspected_gateway() as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client."""
    async with aiohttp.ClientSession() as client:
        yield client
