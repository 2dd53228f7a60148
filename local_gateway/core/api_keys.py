"""API keys: which key a request has, and whether a usage plan lets it into the stage.

Sources: developer guide, api-gateway-api-usage-plans, api-gateway-api-key-source and
apigateway-websocket-api-selection-expressions.
"""

import hmac
from collections.abc import Sequence

from local_gateway.core.http import Headers
from local_gateway.core.model import ApiKey, ApiKeySource
from local_gateway.core.throttling import RouteThrottles

HEADER = "x-api-key"


class UsagePlans:
    """The API keys of a stage, with the throttles of their usage plans."""

    def __init__(self, keys: Sequence[ApiKey], source: ApiKeySource) -> None:
        self._keys = keys
        self._source = source
        throttles = {key.key_id: key.throttle for key in keys if key.throttle is not None}
        self._throttles = RouteThrottles(None, throttles)

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

    def admits(self, key: ApiKey, at: int) -> bool:
        """Take a token of the key's throttle, if its usage plan has one."""
        return key.throttle is None or self._throttles.admits(key.key_id, at)

    def refusal_cause(self) -> str:
        """Why a request without a valid key is refused, for the developer's log."""
        if not self._keys:
            return "no usage plan of the template lets an API key into this stage"
        if self._source is ApiKeySource.AUTHORIZER:
            return "the authorizer's usageIdentifierKey is not an API key of this stage"
        return f"the header {HEADER} is missing or is not an API key of this stage"
