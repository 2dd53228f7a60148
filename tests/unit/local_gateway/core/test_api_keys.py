"""API keys: the header and the authorizer as sources, and the throttle of a usage plan."""

import pytest

from local_gateway.core.api_keys import UsagePlans
from local_gateway.core.http import Headers
from local_gateway.core.model import ApiKey, ApiKeySource, Quota, Throttle

KEY = ApiKey(key_id="abc", value="a-key-of-twenty-signs")
HEADER, AUTHORIZER = ApiKeySource.HEADER, ApiKeySource.AUTHORIZER


@pytest.mark.parametrize(
    ("source", "header", "usage_identifier_key", "fits"),
    [
        (HEADER, KEY.value, None, True),
        (HEADER, "another", KEY.value, False),
        (HEADER, "é", None, False),
        (HEADER, "", None, False),
        (AUTHORIZER, "another", KEY.value, True),
        (AUTHORIZER, KEY.value, None, False),
        (AUTHORIZER, KEY.value, "another", False),
    ],
)
def test_a_key_comes_from_one_source_alone(
    source: ApiKeySource, header: str, usage_identifier_key: str | None, fits: bool
) -> None:
    headers = Headers((("X-Api-Key", header),))
    key = UsagePlans((KEY,), source).key_of(headers, usage_identifier_key)
    assert key == (KEY if fits else None)


def test_the_throttle_of_a_plan_is_for_each_key() -> None:
    keys = [ApiKey(key_id=name, value=name, throttle=Throttle(rate=1, burst=1)) for name in "ab"]
    plans = UsagePlans((*keys, KEY), HEADER)
    assert [plans.limit_problem(keys[0], at) for at in (0, 1)] == [None, "Too Many Requests"]
    assert plans.limit_problem(keys[1], 1) is None
    assert plans.limit_problem(KEY, 1) is None


DAY = 24 * 60 * 60 * 1000


@pytest.mark.parametrize(
    ("period", "last", "first"),
    [("DAY", DAY - 1, DAY), ("WEEK", 3 * DAY - 1, 3 * DAY), ("MONTH", 31 * DAY - 1, 31 * DAY)],
)
def test_a_quota_is_for_each_key_and_period(period: str, last: int, first: int) -> None:
    keys = [ApiKey(key_id=name, value=name, quota=Quota(limit=1, period=period)) for name in "ab"]
    plans = UsagePlans(keys, HEADER)
    assert plans.limit_problem(keys[0], 0) is None
    assert plans.limit_problem(keys[0], last) == "Limit Exceeded"
    assert plans.limit_problem(keys[1], last) is None
    assert plans.limit_problem(keys[0], first) is None


def test_a_refusal_names_the_source() -> None:
    assert "no usage plan" in UsagePlans((), HEADER).refusal_cause()
    assert "x-api-key" in UsagePlans((KEY,), HEADER).refusal_cause()
    assert "usageIdentifierKey" in UsagePlans((KEY,), AUTHORIZER).refusal_cause()
