"""Delivers events: takes dispatches from the queue and posts them to every socket."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.bootstrap import prepare
from sapa.channel_services import fan_out
from sapa.channels.fan_out import Delivery
from sapa.channels.fan_out_task import Dispatch
from sapa.errors import SapaError
from sapa.metric import Metric
from sapa.observability import count, logger, measure, no_keys, observed

# What it takes to put the rest back into the queue and to forget the connections that are gone.
_RESERVED_SECONDS = 8.0


class ConcurrentBatchProcessor(BatchProcessor):
    """Handles a batch's messages at the same time: none waits for another's slow clients."""

    def process(self) -> list[tuple[Any, ...]]:
        """Handle all messages; the results are in their order."""
        with ThreadPoolExecutor(max(len(self.records), 1)) as pool:
            return list(pool.map(self._process_record, self.records))


@observed(no_keys)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Answer a batch of messages with those that have to come back."""
    hall = fan_out()
    deliveries: list[Delivery] = []

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000 - _RESERVED_SECONDS

    def handle(record: SQSRecord) -> None:
        try:
            dispatch = Dispatch.of_json(record.body)
            delivery = hall.deliver(dispatch, time_left)
        except SapaError as error:
            logger.warning("comes back", message_id=record.message_id, error=str(error))
            raise
        deliveries.append(delivery)
        _tell(record.message_id, dispatch, delivery)

    processor = ConcurrentBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(event, handle, processor, context)
    _count(deliveries, len(response["batchItemFailures"]))
    return response


def _tell(message_id: str, dispatch: Dispatch, delivery: Delivery) -> None:
    logger.info(
        "dispatched",
        message_id=message_id,
        channel=dispatch.channel,
        sequence=dispatch.content.get("$sequence"),
        attempt=dispatch.attempt,
        delivered=delivery.delivered,
        gone=delivery.gone,
        requeued=delivery.requeued,
        lag_ms=delivery.lag_ms,
    )


def _count(deliveries: list[Delivery], failures: int) -> None:
    count(Metric.FRAME_DELIVERED, sum(one.delivered for one in deliveries))
    count(Metric.CONNECTION_GONE, sum(one.gone for one in deliveries))
    count(Metric.RECIPIENT_REQUEUED, sum(one.requeued for one in deliveries))
    count(Metric.DISPATCH_FAILED, failures)
    for one in deliveries:
        if one.lag_ms is not None:
            measure(Metric.FAN_OUT_LAG, one.lag_ms)


prepare(fan_out)
