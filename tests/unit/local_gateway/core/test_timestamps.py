import pytest

from local_gateway.core.timestamps import common_log_time, iso_time


@pytest.mark.parametrize(
    ("at", "common_log", "iso"),
    [
        (1_707_502_303_042, "09/Feb/2024:18:11:43 +0000", "2024-02-09T18:11:43.042Z"),
        (1_731_324_924_561, "11/Nov/2024:11:35:24 +0000", "2024-11-11T11:35:24.561Z"),
        (999, "01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00.999Z"),
        (1_735_689_599_999, "31/Dec/2024:23:59:59 +0000", "2024-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_utc_and_english(at: int, common_log: str, iso: str) -> None:
    assert (common_log_time(at), iso_time(at)) == (common_log, iso)
