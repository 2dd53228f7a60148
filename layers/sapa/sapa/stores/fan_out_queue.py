"""The queue of fan-out tasks in SQS."""

from collections.abc import Iterator, Sequence

from sapa.aws.json_service import CallError, JsonService
from sapa.channels.fan_out_task import FanOutTask
from sapa.errors import QueueError

# "Amazon SQS quotas"; 256 KiB are accepted in every region.
_MAX_ENTRIES = 10
_MAX_BATCH_BYTES = 262_144


class SqsFanOutQueue:
    """A `FanOutQueue` on a standard queue."""

    def __init__(self, service: JsonService, queue_url: str) -> None:
        self._service = service
        self._url = queue_url

    def send(self, tasks: Sequence[FanOutTask], delay_seconds: int = 0) -> None:
        """Send all, in as few calls as possible. Raises `QueueError`."""
        for bodies in batches([task.to_json() for task in tasks]):
            self._send(bodies, delay_seconds)

    def _send(self, bodies: Sequence[str], delay_seconds: int) -> None:
        try:
            if len(bodies) == 1:
                message = {"MessageBody": bodies[0], "DelaySeconds": delay_seconds}
                self._service.call("SendMessage", {"QueueUrl": self._url, **message})
                return
            entries = [
                {"Id": str(number), "MessageBody": body, "DelaySeconds": delay_seconds}
                for number, body in enumerate(bodies)
            ]
            answer = self._service.call(
                "SendMessageBatch", {"QueueUrl": self._url, "Entries": entries}
            )
        except CallError as error:
            raise QueueError(self._url, error.code) from error
        if failed := answer.get("Failed"):
            raise QueueError(self._url, failed[0]["Code"])


def batches(bodies: Sequence[str]) -> Iterator[list[str]]:
    """The bodies in order, as many together as one call takes."""
    batch: list[str] = []
    size = 0
    for body in bodies:
        length = len(body.encode())
        if batch and (len(batch) == _MAX_ENTRIES or size + length > _MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch
