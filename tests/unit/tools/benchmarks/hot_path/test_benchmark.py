"""Which replies count."""

import pytest

from tools.benchmarks.hot_path.benchmark import check_replies
from tools.benchmarks.processes import BenchmarkError


def test_right_replies_count() -> None:
    check_replies('{"message":"reply posted","outcome":"ok","arrived":true}\n{"_aws":{}}\n')


@pytest.mark.parametrize(
    "log",
    [
        "",
        '{"_aws":{}}\n',
        '{"message":"reply posted","outcome":"rate_limited","arrived":true}\n',
        '{"message":"reply posted","outcome":"ok","arrived":false}\n',
    ],
)
def test_any_other_reply_ends_the_run(log: str) -> None:
    with pytest.raises(BenchmarkError, match="replies"):
        check_replies(log)
