"""The queue of answer tasks in SQS."""

from typing import Any

from sapa.answers.answer_task import AnswerTask
from sapa.aws.json_service import CallError, JsonService
from sapa.errors import QueueError


class SqsAnswerQueue:
    """An `AnswerQueue` on a standard queue."""

    def __init__(self, service: JsonService, queue_url: str) -> None:
        self._service = service
        self._url = queue_url

    def send(self, task: AnswerTask) -> None:
        """Send a task. Raises `QueueError`."""
        self._call("SendMessage", MessageBody=task.to_json())

    def hide(self, receipt: str, seconds: int) -> None:
        """Change a message's visibility timeout. Raises `QueueError`."""
        self._call("ChangeMessageVisibility", ReceiptHandle=receipt, VisibilityTimeout=seconds)

    def _call(self, operation: str, **request: Any) -> None:
        try:
            self._service.call(operation, {"QueueUrl": self._url, **request})
        except CallError as error:
            raise QueueError(self._url, error.code) from error
