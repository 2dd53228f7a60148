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
    """Accept the handshake with 200, or refuse an unknown endpoint with 404."""
    opened = ConnectionEvent.of(event)
    if opened.endpoint not in ENDPOINTS:
        count("EndpointUnknown")
        logger.info("unknown endpoint", endpoint=opened.endpoint)
        return {"statusCode": 404}
    connection_services().connections.put(new_connection(opened))
    count("ConnectionOpened")
    return {"statusCode": 200}
