"""Delivers the events that the buses' rules have matched to the rules' targets."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local_gateway.core.event_sources.model import EventRule
from local_gateway.core.event_sources.target_input import target_payload
from local_gateway.event_sources.asynchronous import Occasion
from local_gateway.event_sources.backoff import Pause
from local_gateway.event_sources.journal_entries import Reports
from local_gateway.event_sources.queues import (
    LONGEST_WAIT,
    MOST_MESSAGES,
    QUEUE_ERRORS,
    Message,
    Queue,
)
from local_gateway.event_sources.targets import Delivery


class RuleDelivery:
    """Delivers one event to every target of a rule."""

    def __init__(self, delivery: Delivery, reports: Reports) -> None:
        self._delivery = delivery
        self._reports = reports

    async def deliver(self, rule: EventRule, event: Mapping[str, Any], api: str) -> None:
        """Hand the event over, each target with the input that it asks for."""
        occasion = Occasion(api=api, name=rule.name)
        names = {"aws.events.rule-arn": rule.arn, "aws.events.rule-name": rule.name}
        for target in rule.targets:
            try:
                payload = target_payload(target.input, event, names)
            except ValueError as error:
                self._reports.problem(api, rule.name, error)
            else:
                await self._delivery.deliver(target, payload, occasion)


class RuleListener:
    """Reads the queue on which matched events come; `rules` may be replaced at any time."""

    def __init__(self, queue: Queue, delivery: RuleDelivery, reports: Reports) -> None:
        self._queue = queue
        self._delivery = delivery
        self._reports = reports
        self._listening: asyncio.Task[None] | None = None
        self.rules: Mapping[str, EventRule] = {}

    def start(self) -> None:
        """Listen, if that has not begun."""
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})

    async def _listen(self) -> None:
        pause = Pause()
        while True:
            try:
                messages = await self._queue.receive(MOST_MESSAGES, LONGEST_WAIT)
                for message in messages:
                    await self._deliver(message)
                await self._queue.delete(messages)
                pause.reset()
            except QUEUE_ERRORS as error:
                if pause.is_first:
                    self._reports.problem("events", "events", error)
                await pause.wait()

    async def _deliver(self, message: Message) -> None:
        try:
            envelope = json.loads(message["Body"])
            rule = self.rules.get(envelope["rule"])
            event = _as_on_aws(envelope["event"])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            # Nobody but the bus writes to this queue, unless somebody does it by hand.
            self._reports.problem("events", "events", ValueError("what came is no event"))
            return
        if rule is not None and rule.enabled:
            await self._delivery.deliver(rule, event, "events")


def _as_on_aws(event: dict[str, Any]) -> dict[str, Any]:
    """moto's event with the time as text, and without what events on AWS do not have."""
    event.pop("ingestion-time", None)
    moment = datetime.fromtimestamp(float(event["time"]), UTC)
    return event | {"time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
