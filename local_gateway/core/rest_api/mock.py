"""The answer of a MOCK integration, which is how REST APIs answer CORS preflights.

Source: developer guide, how-to-cors. For several origins the CDK and the Serverless Framework write
a response template that takes over the client's `Origin` if it matches.
"""

import re

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.model import MockIntegration

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def mock_response(integration: MockIntegration, request: Request) -> Response:
    """The response to a request."""
    headers = list(integration.headers)
    origin = request.headers.get("origin")
    if origin is not None and any(re.fullmatch(item, origin) for item in integration.origins):
        headers = [item for item in headers if item[0].lower() != _ALLOW_ORIGIN.lower()]
        headers.append((_ALLOW_ORIGIN, origin))
    return Response(integration.status, Headers(headers), integration.body.encode())
