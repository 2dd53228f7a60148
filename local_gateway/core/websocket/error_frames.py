"""The text frames that API Gateway itself sends when a message cannot be handled.

The socket stays open after each of them, also on one-way routes. Members and spacing are those
of captured frames: a space after the first colon and after the commas, none elsewhere.
"""

import json


def forbidden(connection_id: str, request_id: str) -> str:
    """No route matches the message and the API has no `$default` route."""
    return _frame("Forbidden", connection_id, request_id)


def internal_server_error(connection_id: str, request_id: str) -> str:
    """The integration raised, timed out, crashed or answered with something unusable."""
    return _frame("Internal server error", connection_id, request_id)


def too_many_requests(connection_id: str, request_id: str) -> str:
    """The stage's or the route's throttle refused the message (AWS's wording is not published)."""
    return _frame("Too Many Requests", connection_id, request_id)


def invalid_request_body(connection_id: str, request_id: str) -> str:
    """The route's model refused the body (developer guide, websocket-api-request-validation)."""
    return _frame("Invalid request body", connection_id, request_id)


def _frame(message: str, connection_id: str, request_id: str) -> str:
    connection, request = json.dumps(connection_id), json.dumps(request_id)
    return f'{{"message": "{message}", "connectionId":{connection}, "requestId":{request}}}'
