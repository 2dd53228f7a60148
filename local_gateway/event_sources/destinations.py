"""Sends records and dead letters to queues, topics and event buses."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from local_gateway.core.event_sources.destinations import eventbridge_entry
from local_gateway.core.event_sources.model import Destination
from local_gateway.event_sources.queues import QUEUE_ERRORS, Queue
from local_gateway.event_sources.reporter import Reporter
from local_gateway.event_sources.threads import in_thread


class DestinationSender:
    """Sends to every destination but functions; a failure becomes a record.

    `client` makes a boto3 client of a service.
    """

    def __init__(
        self,
        *,
        queue: Callable[[str], Queue],
        client: Callable[[str], Any],
        reporter: Reporter,
    ) -> None:
        self._queue = queue
        self._client = client
        self._reporter = reporter

    async def send_record(
        self, destination: Destination, record: Mapping[str, Any], *, is_success: bool = False
    ) -> None:
        """Send the record of an invocation."""
        if destination.service == "events":
            entry = eventbridge_entry(record, destination.arn, is_success=is_success)
            await self._call(destination, "put_events", Entries=[entry])
        else:
            await self.send(destination, json.dumps(record))

    async def send(
        self, destination: Destination, text: str, attributes: Mapping[str, Any] | None = None
    ) -> None:
        """Send a text to a queue or topic."""
        if destination.service == "sns":
            await self._call(
                destination,
                "publish",
                TopicArn=destination.arn,
                Message=text,
                MessageAttributes=attributes or {},
            )
        elif destination.queue_url is not None:
            try:
                await self._queue(destination.queue_url).send(text, attributes=attributes)
            except QUEUE_ERRORS as error:
                self._reporter.problem(destination.service, destination.name, error)

    async def _call(self, destination: Destination, operation: str, **parameters: Any) -> None:
        def call() -> None:
            getattr(self._client(destination.service), operation)(**parameters)

        try:
            await in_thread(call)
        except QUEUE_ERRORS as error:
            self._reporter.problem(destination.service, destination.name, error)
