"""Delivers to the targets of rules and schedules: functions and queues."""

from collections.abc import Callable

from local_gateway.core.event_sources.model import EventTarget
from local_gateway.event_sources.asynchronous import AsynchronousInvoker, Occasion
from local_gateway.event_sources.journal_entries import Reports
from local_gateway.event_sources.queues import QUEUE_ERRORS, Queue


class Delivery:
    """A function gets an asynchronous invocation, a queue gets a message."""

    def __init__(
        self,
        asynchronous: AsynchronousInvoker,
        *,
        queue: Callable[[str], Queue],
        reports: Reports,
    ) -> None:
        self._asynchronous = asynchronous
        self._queue = queue
        self._reports = reports

    async def deliver(self, target: EventTarget, payload: str, occasion: Occasion) -> None:
        """Hand JSON over to a target; does not wait for a function."""
        if target.function is not None:
            self._asynchronous.begin(target.function, payload, occasion)
        if target.queue_url is not None:
            try:
                await self._queue(target.queue_url).send(payload, target.message_group_id)
            except QUEUE_ERRORS as error:
                self._reports.problem(occasion.api, occasion.name, error)
