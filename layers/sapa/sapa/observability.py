"""One logger and one set of metrics for all functions.

Log lines are JSON with the connection id as correlation id; metrics are written to standard
output in CloudWatch's embedded metric format. Message bodies, cookies and passwords are never
logged.
"""

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from sapa.settings import settings

CONNECTION_ID_PATH = "requestContext.connectionId"
REQUEST_ID_PATH = "requestContext.requestId"

logger = Logger(service=settings().service_name)
metrics = Metrics(namespace=settings().metrics_namespace, service=settings().service_name)


def count(name: str, value: int = 1) -> None:
    """Add `value` to the metric `name` of this invocation."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
