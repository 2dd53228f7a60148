"""What each function loads: the larger part of a cold start."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.starts_programs

ROOT = Path(__file__).parents[3]
CHANNELS = (
    "sapa.channels.membership",
    "sapa.channels.publisher",
    "sapa.channels.resume",
)
HEAVY = ("boto3", "pydantic", "aws_lambda_powertools.event_handler", "asyncio", "urllib.request")


def loaded(function: str, modules: tuple[str, ...] = HEAVY) -> set[str]:
    """Which of these modules importing a function's handler loads."""
    program = f"import sys, functions.{function}.app; print(*sys.modules)"
    path = f"{ROOT / 'layers/sapa'}:{ROOT}"
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(finished.stdout.split()) & set(modules)


@pytest.mark.parametrize("function", ["api", "authorizer", "connect", "default", "disconnect"])
def test_functions_need_nothing_heavy(function: str) -> None:
    assert loaded(function) == set()


def test_messages_load_channels_when_they_need_them() -> None:
    assert loaded("default", CHANNELS) == set()
