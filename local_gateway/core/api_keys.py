"""API keys: which key a request has, and whether a usage plan lets it into the stage.

Sources: developer guide, api-gateway-api-usage-plans, api-gateway-api-key-source and
apigateway-websocket-api-selection-expressions.
"""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime

from local_gateway.core.http import Headers
from local_gateway.core.model import ApiKey, ApiKeySource
from local_gateway.core.throttling import RouteThrottles

HEADER = "x-api-key"
LIMIT_EXCEEDED = "Limit Exceeded"
_DAY_MS = 24 * 60 * 60 * 1000


class UsagePlans:
    """The API keys of a stage, with the limits of their usage plans."""

    def __init__(self, keys: Sequence[ApiKey], source: ApiKeySource) -> None:
        self._keys = keys
        self._source = source
        throttles = {key.key_id: key.throttle for key in keys if key.throttle is not None}
        self._throttles = RouteThrottles(None, throttles)
        self._requests: dict[str, tuple[int, int]] = {}

    def key_of(self, headers: Headers, usage_identifier_key: str | None) -> ApiKey | None:
        """The key of a request: from its header, or from the authorizer's answer."""
        is_in_header = self._source is ApiKeySource.HEADER
        value = headers.get(HEADER) if is_in_header else usage_identifier_key
        if not value:
            return None
        wanted = value.encode()
        for key in self._keys:
            if hmac.compare_digest(key.value.encode(), wanted):
                return key
        return None

    def limit_problem(self, key: ApiKey, at: int) -> str | None:
        """Count a request at `at`; the message of the 429 when the usage plan allows no more."""
        if key.throttle is not None and not self._throttles.admits(key.key_id, at):
            return "Too Many Requests"
        if key.quota is None:
            return None
        period = _period(key.quota.period, at)
        began, count = self._requests.get(key.key_id, (period, 0))
        count = count + 1 if began == period else 1
        if count > key.quota.limit:
            return LIMIT_EXCEEDED
        self._requests[key.key_id] = (period, count)
        return None

    def refusal_cause(self) -> str:
        """Why a request without a valid key is refused, for the developer's log."""
        if not self._keys:
            return "no usage plan of the template lets an API key into this stage"
        if self._source is ApiKeySource.AUTHORIZER:
            return "the authorizer's usageIdentifierKey is not an API key of this stage"
        return f"the header {HEADER} is missing or is not an API key of this stage"


def _period(kind: str, at: int) -> int:
    """The number of a day, week or month; they begin at midnight UTC, weeks on Sunday."""
    day = at // _DAY_MS
    if kind == "DAY":
        return day
    if kind == "WEEK":
        return (day + 4) // 7  # 1 January 1970 was a Thursday
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return moment.year * 12 + moment.month
