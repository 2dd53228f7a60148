import os
import stat
from pathlib import Path

import pytest

from local_gateway.core.invocation import Succeeded
from local_gateway.errors import GatewayError
from local_gateway.recording.recorder import Recording, RecordingInvoker
from local_gateway.recording.writer import RecordFile
from tests.unit.local_gateway.recording.fakes import FakeInvoker, StoppedClock, Told, returning


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "traffic.jsonl"


@pytest.mark.parametrize("mode", [None, 0o644])
def test_file_is_replaced_and_for_its_owner_only(path: Path, told: Told, mode: int | None) -> None:
    if mode is not None:
        path.write_text("an old one\nof two lines\n")
        path.chmod(mode)
    RecordFile(path, redacted=True, warn=told).close()
    assert len(path.read_text().splitlines()) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["missing/traffic.jsonl", "", "nul\0"])
def test_file_that_cannot_be_written_is_told_at_once(tmp_path: Path, told: Told, name: str) -> None:
    with pytest.raises(GatewayError, match="cannot write the recording") as raised:
        RecordFile(tmp_path / name, redacted=True, warn=told)
    assert "\n" not in str(raised.value)


async def test_write_that_fails_later_is_one_warning_and_no_failed_invocation(
    told: Told, tmp_path: Path
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with RecordFile(path, redacted=True, warn=told) as file:
        os.close(reader)  # from now on every write fails, as on a full disk
        invoker = RecordingInvoker(FakeInvoker(F=returning(1)), Recording(file, StoppedClock()))
        for _ in range(3):
            assert (await invoker.invoke("F", b"{}")).result == Succeeded(b"1")
    (warning,) = told.warnings
    assert str(path) in warning
    assert "ends here" in warning
