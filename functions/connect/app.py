"""Route `$connect`: remembers the connection that the authorizer let in."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.bootstrap import admission, connection_services, prepare
from sapa.connections.connection import new_connection
from sapa.lambda_events import ConnectionEvent
from sapa.metric import Metric
from sapa.observability import count, logger, observed, socket_keys
from sapa.processes.endpoints import ENDPOINTS


@observed(socket_keys)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Accept the handshake with 200; refuse an unknown endpoint with 404.

    Who has too many connections is refused with 429, if these are not closed instead.
    """
    opened = ConnectionEvent.of(event)
    if opened.endpoint not in ENDPOINTS:
        return _refused(404, "unknown_endpoint", opened.endpoint)
    if not connection_services().admit(new_connection(opened)):
        return _refused(429, "too_many_connections", opened.endpoint)
    count(Metric.CONNECTION_OPENED)
    logger.info("connected", endpoint=opened.endpoint)
    return {"statusCode": 200}


def _refused(status_code: int, reason: str, endpoint: str) -> dict[str, int]:
    count(Metric.HANDSHAKE_REFUSED)
    logger.info("handshake refused", reason=reason, endpoint=endpoint)
    return {"statusCode": status_code}


prepare(connection_services, admission)
