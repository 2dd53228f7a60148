import pytest

from local_gateway.core.iam.policy import matches
from local_gateway.core.iam.policy_conditions import conditions_hold

CONTEXT = {"aws:SourceIp": "2001:db8::7"}
HOLDS = {"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}
FAILS = {"NotIpAddress": {"aws:SourceIp": "2001:db8::/32"}}
UNKNOWN = {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ({}, True),
        (HOLDS, True),
        (FAILS, False),
        (UNKNOWN, None),
        (HOLDS | UNKNOWN, None),
        (FAILS | UNKNOWN, False),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, False),
        ({"IpAddress": None}, None),
    ],
)
def test_false_is_certain_and_the_unknown_stays_open(
    condition: dict[str, object], outcome: bool | None
) -> None:
    assert conditions_hold(condition, CONTEXT, matches) is outcome
