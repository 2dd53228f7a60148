"""Route `$connect`: stores the connection that the authorizer allowed."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.connections.connection import Connection
from sapa.lambda_events import ConnectionEvent
from sapa.observability import Metric, count, logged, logger, websocket_ids
from sapa.processes.endpoints import ENDPOINTS
from sapa.services import services, warm_up


@logged(websocket_ids)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Accept the handshake with 200; refuse an unknown endpoint with 404.

    A user with too many connections is refused with 429, if the oldest ones are not closed instead.
    """
    opened = ConnectionEvent.from_event(event)
    if opened.endpoint not in ENDPOINTS:
        return _refused(404, "unknown_endpoint", opened.endpoint)
    if not services().connection_limit.check_in(Connection.from_event(opened)):
        return _refused(429, "too_many_connections", opened.endpoint)
    count(Metric.CONNECTION_OPENED)
    logger.info("connected", endpoint=opened.endpoint)
    return {"statusCode": 200}


def _refused(status_code: int, reason: str, endpoint: str) -> dict[str, int]:
    count(Metric.HANDSHAKE_REFUSED)
    logger.info("handshake refused", reason=reason, endpoint=endpoint)
    return {"statusCode": status_code}


warm_up(lambda parts: parts.connection_limit)
