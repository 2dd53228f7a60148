"""Route `$disconnect`: removes the connection, if it is still stored.

API Gateway calls it for refused handshakes too, and sometimes not at all.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.lambda_events import closing_of, connection_id_of
from sapa.observability import Metric, count, logged, logger, websocket_ids
from sapa.services import services, warm_up


@logged(websocket_ids)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Delete the connection and take it out of its channels; API Gateway ignores the answer."""
    services().remove_connection(connection_id_of(event))
    count(Metric.CONNECTION_CLOSED)
    status_code, reason = closing_of(event)
    logger.info("disconnected", status_code=status_code, reason=reason)
    return {"statusCode": 200}


warm_up(lambda parts: parts.membership)
