"""Delivers events: takes fan-out tasks from the queue and posts them to every socket."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.channels.fan_out import FanOutResult
from sapa.channels.fan_out_task import FanOutTask
from sapa.errors import SapaError
from sapa.observability import Metric, count, logged, logger, measure, no_ids
from sapa.services import services, warm_up

# The time to put undelivered recipients back into the queue and to remove gone connections.
_RESERVED_SECONDS = 8.0


class ConcurrentBatchProcessor(BatchProcessor):
    """Handles a batch's messages at the same time: none waits for another's slow clients."""

    def process(self) -> list[tuple[Any, ...]]:
        """Handle all messages; the results are in their order."""
        with ThreadPoolExecutor(max(len(self.records), 1)) as pool:
            return list(pool.map(self._process_record, self.records))


@logged(no_ids)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Answer a batch of messages with those that have to return to the queue."""
    fan_out = services().fan_out
    results: list[FanOutResult] = []

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000 - _RESERVED_SECONDS

    def handle(record: SQSRecord) -> None:
        try:
            task = FanOutTask.from_json(record.body)
            result = fan_out.deliver(task, time_left)
        except SapaError as error:
            logger.warning("fan-out task returned", message_id=record.message_id, error=str(error))
            raise
        results.append(result)
        _log(record.message_id, task, result)

    processor = ConcurrentBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(event, handle, processor, context)
    _count(results, len(response["batchItemFailures"]))
    return response


def _log(message_id: str, task: FanOutTask, result: FanOutResult) -> None:
    logger.info(
        "dispatched",
        message_id=message_id,
        channel=task.channel,
        sequence=task.content.get("$sequence"),
        attempt=task.attempt,
        delivered=result.delivered,
        gone=result.gone,
        requeued=result.requeued,
        given_up=result.given_up,
        lag_ms=result.lag_ms,
    )


def _count(results: list[FanOutResult], failures: int) -> None:
    count(Metric.FRAME_DELIVERED, sum(result.delivered for result in results))
    count(Metric.CONNECTION_GONE, sum(result.gone for result in results))
    count(Metric.RECIPIENT_REQUEUED, sum(result.requeued for result in results))
    count(Metric.DISPATCH_FAILED, failures)
    for result in results:
        if result.lag_ms is not None:
            measure(Metric.FAN_OUT_LAG, result.lag_ms)


warm_up(lambda parts: parts.fan_out)
