"""Amounts times prices, against sums done by hand."""

import pytest

from tools.cost.usage import Usage


def test_usage_is_priced_by_service() -> None:
    usage = Usage({"messages": 20_000_000, "connection_minutes": 10_000_000, "log_bytes": 3e9})
    # 20 × 1.00 + 10 × 0.25, and 3 × 0.50.
    assert usage.dollars() == pytest.approx({"API Gateway": 22.50, "CloudWatch Logs": 1.50})
    assert usage.total() == pytest.approx(24.00)


def test_usage_adds_up_and_multiplies() -> None:
    one = Usage({"messages": 2, "traces": 1}) + Usage({"messages": 3, "invocations": 4}) * 2
    assert one.amounts == {"messages": 8, "traces": 1, "invocations": 8}


def test_an_amount_without_a_price_is_no_amount() -> None:
    assert Usage({}).total() == 0
