"""The lines that CloudWatch reads metrics from."""

import json
from typing import Any

import pytest

from sapa.observability import MAX_ENTRIES, EmbeddedMetrics


@pytest.fixture
def metrics() -> EmbeddedMetrics:
    return EmbeddedMetrics(namespace="Sapa", service="bot")


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines that were written since the last time."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_defines_its_metrics_and_has_their_values(
    metrics: EmbeddedMetrics, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics.add("Count", "ReplySent", 2)
    metrics.add("Milliseconds", "PostTime", 0.1)
    metrics.add("Count", "ReplySent", 1)
    metrics.flush()
    [line] = printed(capsys)
    assert line.pop("_aws")["CloudWatchMetrics"] == [
        {
            "Namespace": "Sapa",
            "Dimensions": [["service"]],
            "Metrics": [
                {"Name": "ReplySent", "Unit": "Count"},
                {"Name": "PostTime", "Unit": "Milliseconds"},
            ],
        }
    ]
    assert line == {"service": "bot", "ReplySent": [2, 1], "PostTime": [0.1]}


def test_the_time_is_epoch_milliseconds(
    metrics: EmbeddedMetrics, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics.add("Count", "Failure", 1)
    metrics.flush()
    [line] = printed(capsys)
    timestamp = line["_aws"]["Timestamp"]
    assert isinstance(timestamp, int)
    assert 1_700_000_000_000 < timestamp < 10_000_000_000_000


def test_nothing_is_no_line_and_nothing_is_written_twice(
    metrics: EmbeddedMetrics, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics.flush()
    assert printed(capsys) == []
    metrics.add("Count", "Failure", 1)
    metrics.flush()
    metrics.flush()
    assert len(printed(capsys)) == 1


def test_a_full_line_is_written_and_the_next_begun(
    metrics: EmbeddedMetrics, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in range(MAX_ENTRIES + 1):
        metrics.add("Milliseconds", "FanOutLag", value)
    metrics.flush()
    values = [line["FanOutLag"] for line in printed(capsys)]
    assert [len(line) for line in values] == [MAX_ENTRIES, 1]
    assert [value for line in values for value in line] == list(range(MAX_ENTRIES + 1))


def test_a_line_has_no_more_metrics_than_cloudwatch_takes(
    metrics: EmbeddedMetrics, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(MAX_ENTRIES + 1):
        metrics.add("Count", f"Message.{number}", 1)
    metrics.flush()
    counts = [len(line["_aws"]["CloudWatchMetrics"][0]["Metrics"]) for line in printed(capsys)]
    assert counts == [MAX_ENTRIES, 1]
