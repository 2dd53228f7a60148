"""One logger and one set of metrics for all functions.

Log lines are JSON with the connection id as correlation id; metrics are written to standard
output in CloudWatch's embedded metric format. Message bodies, cookies and passwords are never
logged.
"""

import functools
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.errors import SapaError
from sapa.settings import settings

type Handler[Result] = Callable[[dict[str, Any], LambdaContext], Result]

CONNECTION_ID_PATH = "requestContext.connectionId"
REQUEST_ID_PATH = "requestContext.requestId"

logger = Logger(service=settings().service_name)
metrics = Metrics(namespace=settings().metrics_namespace, service=settings().service_name)


def count(name: str, value: int = 1) -> None:
    """Add `value` to the metric `name` of this invocation."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def observed[Result](correlation_id_path: str) -> Callable[[Handler[Result]], Handler[Result]]:
    """Give a handler's log lines their correlation id and write its metrics when it is done.

    Our own errors are logged with it here; others are bugs, which the Lambda runtime logs.
    """

    def decorate(handler: Handler[Result]) -> Handler[Result]:
        @functools.wraps(handler)
        def logged(event: dict[str, Any], context: LambdaContext) -> Result:
            try:
                return handler(event, context)
            except SapaError as error:
                count("Failure")
                logger.exception("failed", error=type(error).__name__)
                raise

        with_context: Handler[Result] = logger.inject_lambda_context(
            logged, correlation_id_path=correlation_id_path, clear_state=True
        )
        with_metrics: Handler[Result] = metrics.log_metrics(with_context)
        return with_metrics

    return decorate
