"""Every test here runs with Amazon's runtime client and with our own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.runtimes import CLIENTS, Runtimes


@pytest.fixture(params=CLIENTS)
async def runtimes(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Runtimes]:
    runtimes = Runtimes(directory=tmp_path, client=request.param)
    yield runtimes
    for runtime in runtimes.started:
        await runtime.close()
