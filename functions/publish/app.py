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

from sapa.channel_services import fan_out
from sapa.dispatches import Dispatch
from sapa.errors import SapaError
from sapa.fanout import Delivery
from sapa.observability import count, logger, observed

# What it takes to put the rest back into the queue and to forget the connections that are gone.
_RESERVED_SECONDS = 8.0


class ConcurrentBatchProcessor(BatchProcessor):
    """Handles a batch's messages at the same time: none waits for another's slow clients."""

    def process(self) -> list[tuple[Any, ...]]:
        """Handle all messages; the results are in their order."""
        with ThreadPoolExecutor(max(len(self.records), 1)) as pool:
            return list(pool.map(self._process_record, self.records))


@observed("Records[0].messageId")
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Answer a batch of messages with those that have to come back."""
    hall = fan_out()
    deliveries: list[Delivery] = []

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000 - _RESERVED_SECONDS

    def handle(record: SQSRecord) -> None:
        try:
            deliveries.append(hall.deliver(Dispatch.of_json(record.body), time_left))
        except SapaError as error:
            logger.warning("comes back", message_id=record.message_id, error=str(error))
            raise

    processor = ConcurrentBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(event, handle, processor, context)
    _count(deliveries, len(response["batchItemFailures"]))
    return response


def _count(deliveries: list[Delivery], failures: int) -> None:
    count("FrameDelivered", sum(one.delivered for one in deliveries))
    count("RecipientGone", sum(one.gone for one in deliveries))
    count("RecipientRequeued", sum(one.requeued for one in deliveries))
    count("DispatchFailed", failures)
