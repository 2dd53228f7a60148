"""Route `$disconnect`: forgets the connection, if it is still there.

API Gateway calls it for refused handshakes too, and sometimes not at all.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.bootstrap import connection_services, prepare
from sapa.lambda_events import closing_of, connection_id_of
from sapa.metric import Metric
from sapa.observability import count, logger, observed, socket_keys


@observed(socket_keys)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Delete the connection and take it out of its channels; nobody reads the answer."""
    connection_services().forget(connection_id_of(event))
    count(Metric.CONNECTION_CLOSED)
    status_code, reason = closing_of(event)
    logger.info("disconnected", status_code=status_code, reason=reason)
    return {"statusCode": 200}


prepare(connection_services)
