"""Every test here runs with Amazon's runtime client and with our own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.workshop import CLIENTS, Workshop


@pytest.fixture(params=CLIENTS)
async def workshop(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Workshop]:
    workshop = Workshop(directory=tmp_path, client=request.param)
    yield workshop
    for runtime in workshop.runtimes:
        await runtime.close()
