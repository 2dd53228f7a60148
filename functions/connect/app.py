"""Route `$connect`: stores the connection that the authorizer allowed."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.connections.connection import Connection
from sapa.lambda_events import ConnectionEvent, header_values
from sapa.login.session import find_session_of_cookies
from sapa.observability import Metric, count, logged, logger, websocket_ids
from sapa.processes.endpoints import ENDPOINTS
from sapa.services import Services, services, warm_up

_REFUSALS = {"unknown_endpoint": 404, "too_many_connections": 429, "no_session": 403}


@logged(websocket_ids)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Accept the handshake with 200; refuse an unknown endpoint with 404.

    A user with too many connections is refused with 429, if the oldest ones are not closed instead.
    A session that has ended since the authorizer allowed the handshake is refused with 403.
    """
    opened = ConnectionEvent.from_event(event)
    reason = check_in(opened, event, services())
    if reason is not None:
        count(Metric.HANDSHAKE_REFUSED)
        logger.info("handshake refused", reason=reason, endpoint=opened.endpoint)
        return {"statusCode": _REFUSALS[reason]}
    count(Metric.CONNECTION_OPENED)
    logger.info("connected", endpoint=opened.endpoint)
    return {"statusCode": 200}


def check_in(opened: ConnectionEvent, event: dict[str, Any], parts: Services) -> str | None:
    """Store the connection; the reason if it is refused."""
    if opened.endpoint not in ENDPOINTS:
        return "unknown_endpoint"

    def is_logged_in() -> bool:
        cookies, now = header_values(event, "Cookie"), parts.clock() // 1000
        return find_session_of_cookies(cookies, parts.sessions, now) is not None

    return parts.connection_limit.check_in(Connection.from_event(opened), is_logged_in)


warm_up(lambda parts: (parts.connection_limit, parts.sessions))
