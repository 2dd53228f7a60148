"""Writes answers: takes accepted messages from the queue and runs their streaming processes."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.answers.answer_task import AnswerTask
from sapa.answers.writer import ENDED, Outcome, write_to_end
from sapa.answers.writing import Writing
from sapa.errors import AnswerBeingWrittenError, SapaError
from sapa.observability import Metric, answer_metric, count, logged, logger, measure, no_ids
from sapa.services import services, warm_up

# As the queue's redrive policy.
MAX_RECEIVES = 5


@logged(no_ids)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Answer a batch, which is a single message, with those that have to come back."""

    def time_left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    def handle(record: SQSRecord) -> None:
        try:
            write(record, time_left)
        except SapaError as error:
            logger.warning("answer task returned", message_id=record.message_id, error=str(error))
            raise

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, handle, processor, context)


def write(record: SQSRecord, time_left: Callable[[], float]) -> None:
    """Write the answer of a message. Raises what makes the message come back."""
    task = AnswerTask.from_json(record.body)
    logger.append_keys(
        request_id=task.event.request_id,
        connection_id=task.event.connection_id,
        username=task.event.username,
        answer_id=task.answer_id,
    )
    receives = int(record.attributes.approximate_receive_count)
    begun = services().answer_writer.begin(
        task, record.receipt_handle, is_last_try=receives >= MAX_RECEIVES, time_left=time_left
    )
    outcome = begun if isinstance(begun, Outcome) else write_to_end(begun)
    if outcome in ENDED:
        count(answer_metric(outcome))
    if isinstance(begun, Writing):
        count(Metric.PART_DELIVERED, begun.posts.delivered)
        if begun.first_part_at is not None:
            measure(Metric.FIRST_PART_TIME, begun.first_part_at - begun.answer.started_at)
    logger.info("answer written", outcome=outcome, endpoint=task.event.endpoint)
    if outcome in {Outcome.BEING_WRITTEN, Outcome.REPLACED}:
        raise AnswerBeingWrittenError(task.answer_id)


warm_up(lambda parts: parts.answer_writer)
