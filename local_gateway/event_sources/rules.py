"""Delivers to the targets of rules and schedules: functions, queues and state machines."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from local_gateway.core.event_sources.model import EventRule, EventTarget
from local_gateway.core.event_sources.target_input import target_payload
from local_gateway.event_sources.asynchronous import AsynchronousInvoker, Trigger
from local_gateway.event_sources.queues import (
    LONGEST_WAIT,
    MOST_MESSAGES,
    QUEUE_ERRORS,
    Backoff,
    Message,
    Queue,
)
from local_gateway.event_sources.reporter import Reporter
from local_gateway.event_sources.threads import in_thread


class TargetDelivery:
    """A function is invoked asynchronously, a queue gets a message, a state machine is started."""

    def __init__(
        self,
        asynchronous: AsynchronousInvoker,
        *,
        queue: Callable[[str], Queue],
        client: Callable[[str], Any],
        reporter: Reporter,
    ) -> None:
        self._asynchronous = asynchronous
        self._queue = queue
        self._client = client
        self._reporter = reporter

    async def deliver(self, target: EventTarget, payload: str, trigger: Trigger) -> None:
        """Hand JSON over to a target; does not wait for a function."""
        if target.function is not None:
            self._asynchronous.begin(target.function, payload, trigger)
        try:
            if target.queue_url is not None:
                await self._queue(target.queue_url).send(payload, target.message_group_id)
            if target.state_machine is not None:
                await in_thread(partial(self._start, target.state_machine, payload))
        except QUEUE_ERRORS as error:
            self._reporter.problem(trigger.api, trigger.name, error)

    def _start(self, state_machine: str, payload: str) -> None:
        client = self._client("stepfunctions")
        client.start_execution(stateMachineArn=state_machine, input=payload)


class RuleDelivery:
    """Delivers an event to every target of a rule."""

    def __init__(self, delivery: TargetDelivery, reporter: Reporter) -> None:
        self._delivery = delivery
        self._reporter = reporter

    async def deliver(self, rule: EventRule, event: Mapping[str, Any], api: str) -> None:
        """Hand the event over, each target with the input that it asks for."""
        trigger = Trigger(api=api, name=rule.name)
        names = {"aws.events.rule-arn": rule.arn, "aws.events.rule-name": rule.name}
        for target in rule.targets:
            try:
                payload = target_payload(target.input, event, names)
            except ValueError as error:
                self._reporter.problem(api, rule.name, error)
            else:
                await self._delivery.deliver(target, payload, trigger)


class RuleListener:
    """Reads the queue on which matched events come; `rules` may be replaced at any time."""

    def __init__(self, queue: Queue, delivery: RuleDelivery, reporter: Reporter) -> None:
        self._queue = queue
        self._delivery = delivery
        self._reporter = reporter
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
        backoff = Backoff()
        while True:
            try:
                messages = await self._queue.receive(MOST_MESSAGES, LONGEST_WAIT)
                for message in messages:
                    await self._deliver(message)
                await self._queue.delete(messages)
                backoff.reset()
            except QUEUE_ERRORS as error:
                if backoff.is_first:
                    self._reporter.problem("events", "events", error)
                await backoff.wait()

    async def _deliver(self, message: Message) -> None:
        try:
            envelope = json.loads(message["Body"])
            rule = self.rules.get(envelope["rule"])
            event = _as_on_aws(envelope["event"])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            # The buses alone write to this queue, but it can be written to by hand.
            self._reporter.problem(
                "events", "events", ValueError("a message on the queue of events is not an event")
            )
            return
        if rule is not None and rule.enabled:
            await self._delivery.deliver(rule, event, "events")


def _as_on_aws(event: dict[str, Any]) -> dict[str, Any]:
    """moto's event with the time as text, and without what events on AWS do not have."""
    event.pop("ingestion-time", None)
    moment = datetime.fromtimestamp(float(event["time"]), UTC)
    return event | {"time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
