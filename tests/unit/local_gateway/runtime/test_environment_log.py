"""Lambda's own log lines."""

import os

import pytest

from local_gateway.core.invocation import Failed, Invocation, InvocationResult, Succeeded, TimedOut
from local_gateway.runtime.environment_log import (
    end_line,
    init_report_line,
    peak_memory,
    report_line,
    start_line,
)

START_OF_REPORT = "REPORT RequestId: id\tDuration: 15.74 ms\tBilled Duration: "


def invocation(result: InvocationResult, init_duration: float | None = None) -> Invocation:
    return Invocation(
        result=result,
        request_id="id",
        cold=init_duration is not None,
        duration=0.01574,
        init_duration=init_duration,
    )


def test_start_and_end() -> None:
    assert start_line("id") == "START RequestId: id Version: $LATEST"
    assert end_line("id") == "END RequestId: id"


def test_a_warm_report() -> None:
    line = report_line(invocation(Succeeded(b"1")), memory_size=128, memory_used=56)
    assert line == f"{START_OF_REPORT}16 ms\tMemory Size: 128 MB\tMax Memory Used: 56 MB"


def test_a_cold_report_bills_the_init_phase() -> None:
    line = report_line(invocation(Succeeded(b"1"), 0.13049), memory_size=128, memory_used=None)
    assert line == f"{START_OF_REPORT}147 ms\tMemory Size: 128 MB\tInit Duration: 130.49 ms"


@pytest.mark.parametrize(
    ("result", "end"),
    [
        (TimedOut(3.0), "\tStatus: timeout"),
        (Failed("Runtime.ExitError", "x"), "\tStatus: error\tError Type: Runtime.ExitError"),
        (Failed("KeyError", "x"), "Memory Size: 128 MB"),
    ],
)
def test_the_status_of_a_report(result: InvocationResult, end: str) -> None:
    assert report_line(invocation(result), memory_size=128, memory_used=None).endswith(end)


def test_a_failed_init_phase() -> None:
    line = init_report_line(10.0, TimedOut(10.0))
    assert line == "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout"


def test_peak_memory_of_this_process_and_of_none() -> None:
    own = peak_memory(os.getpid())
    assert own is not None
    assert own > 1
    assert peak_memory(2**31 - 1) is None
