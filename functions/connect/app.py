"""Route `$connect`: remembers the connection that the authorizer let in."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.bootstrap import connection_services
from sapa.connections import new_connection
from sapa.endpoints import ENDPOINTS
from sapa.gateway_events import ConnectionEvent
from sapa.observability import CONNECTION_ID_PATH, count, logger, observed


@observed(CONNECTION_ID_PATH)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Accept the handshake with 200; refuse an unknown endpoint with 404.

    Who has too many connections is refused with 429, if these are not closed instead.
    """
    opened = ConnectionEvent.of(event)
    if opened.endpoint not in ENDPOINTS:
        count("EndpointUnknown")
        logger.info("unknown endpoint", endpoint=opened.endpoint)
        return {"statusCode": 404}
    if not connection_services().admit(new_connection(opened)):
        count("ConnectionRefused")
        logger.info("too many connections")
        return {"statusCode": 429}
    count("ConnectionOpened")
    return {"statusCode": 200}
