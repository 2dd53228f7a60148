"""The event sources of an application; a changed application can take their place."""

import asyncio
import uuid
from datetime import datetime
from functools import partial
from typing import Any

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.creators import event_queue_name
from local_gateway.core.event_sources.model import (
    EventRule,
    QueueMapping,
    Schedule,
    StreamMapping,
)
from local_gateway.core.event_sources.scheduled_events import rule_event, schedule_payload
from local_gateway.core.model import Application
from local_gateway.event_sources.asynchronous import AsynchronousInvoker, Trigger
from local_gateway.event_sources.clock import Clock, ScheduleTimer
from local_gateway.event_sources.destinations import DestinationSender
from local_gateway.event_sources.queue_poller import QueuePoller
from local_gateway.event_sources.queues import QUEUE_ERRORS, Queue, SqsQueue
from local_gateway.event_sources.recursive_loops import RecursiveLoops
from local_gateway.event_sources.reporter import Reporter
from local_gateway.event_sources.rules import RuleDelivery, RuleListener, TargetDelivery
from local_gateway.event_sources.stream_poller import StreamPoller, StreamServices
from local_gateway.event_sources.streams import DynamoDbStream, KinesisStream, Stream
from local_gateway.event_sources.threads import in_thread
from local_gateway.records import Observe
from local_gateway.server.interfaces import ClockAndIds, Invoker
from local_gateway.template.document.stack import Stack


class EventSources:
    """Polls queues, delivers matched events and keeps schedules, for one application at a time.

    Nothing runs, and no client is made, for an application without event sources.
    """

    def __init__(
        self,
        endpoint_url: str,
        *,
        invoker: Invoker,
        observe: Observe,
        clock: Clock,
        sources: ClockAndIds,
    ) -> None:
        self._endpoint_url = endpoint_url
        self._invoker = invoker
        self._clock = clock
        self._reporter = Reporter(observe, sources)
        self._client: Any = None
        self._clients: MotoClients | None = None
        self._others: dict[str, Any] = {}
        self._loops = RecursiveLoops(self._reporter)
        sender = DestinationSender(
            queue=self._queue, client=self._service_client, reporter=self._reporter
        )
        self.asynchronous = AsynchronousInvoker(
            invoker, clock=clock, reporter=self._reporter, sender=sender, loops=self._loops
        )
        self._stream_services = StreamServices(
            invoker=invoker, reporter=self._reporter, sender=sender, clock=clock
        )
        self._delivery = TargetDelivery(
            self.asynchronous,
            queue=self._queue,
            client=self._service_client,
            reporter=self._reporter,
        )
        self._rule_delivery = RuleDelivery(self._delivery, self._reporter)
        self._listener: RuleListener | None = None
        self._pollers: dict[QueueMapping, QueuePoller] = {}
        self._streams: dict[StreamMapping, StreamPoller] = {}
        self._retired: list[QueuePoller] = []
        self._deploying = asyncio.Lock()
        self._following: set[asyncio.Task[None]] = set()
        self._timers: dict[EventRule | Schedule, ScheduleTimer] = {}

    async def deploy(self, application: Application) -> None:
        """Serve the event sources of `application`; those that stay as they are run on."""
        async with self._deploying:
            await self._deploy(application)

    def accept(self, function: str, payload: bytes, route_key: str) -> None:
        """Invoke a function for an integration that does not wait for it."""
        trigger = Trigger(api="websocket", name=route_key)
        self.asynchronous.begin(function, payload.decode(errors="replace"), trigger)

    def follow(self, application: Application) -> None:
        """Deploy in the background; the deployments follow one another."""
        task = asyncio.create_task(self._follow(application))
        self._following.add(task)
        task.add_done_callback(self._following.discard)

    async def _follow(self, application: Application) -> None:
        try:
            await self.deploy(application)
        except QUEUE_ERRORS as error:
            self._reporter.problem("events", "events", error)

    async def _deploy(self, application: Application) -> None:
        self.asynchronous.serve(application)
        self._loops.functions = application.functions
        rules = [rule for rule in application.event_rules if rule.targets]
        scheduled = [rule for rule in rules if rule.timetable is not None and rule.enabled]
        schedules = [schedule for schedule in application.schedules if schedule.enabled]
        needs_queues = any(
            (
                application.queue_mappings,
                application.stream_mappings,
                application.asynchronous,
                rules,
                schedules,
            )
        )
        self._clients = self._clients or MotoClients(self._endpoint_url, application.region)
        if self._client is None and needs_queues:
            self._client = await in_thread(lambda: self._queue_client(application))
        await self._listen(application, rules)
        await self._map(application.queue_mappings)
        await self._read(application)
        await self._time([*scheduled, *schedules])

    async def close(self) -> None:
        """Stop everything; messages under way stay in their queues."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        if self._listener is not None:
            await self._listener.close()
        closing = [timer.close() for timer in self._timers.values()]
        closing += [poller.close() for poller in (*self._pollers.values(), *self._retired)]
        closing += [poller.close() for poller in self._streams.values()]
        await asyncio.gather(*closing, self.asynchronous.close())

    async def _listen(self, application: Application, rules: list[EventRule]) -> None:
        if self._listener is None and rules:
            stack = Stack(name=application.stack_name, region=application.region)
            name = event_queue_name(stack)
            made = await in_thread(lambda: self._client.create_queue(QueueName=name))
            queue = self._queue(made["QueueUrl"])
            self._listener = RuleListener(queue, self._rule_delivery, self._reporter)
            self._listener.start()
        if self._listener is not None:
            self._listener.rules = {rule.arn: rule for rule in rules}

    async def _map(self, mappings: tuple[QueueMapping, ...]) -> None:
        before, self._pollers = self._pollers, {}
        gone = [poller for mapping, poller in before.items() if mapping not in mappings]
        await asyncio.gather(*(poller.stop() for poller in gone))
        self._retired += gone
        for mapping in mappings:
            poller = before.get(mapping)
            if poller is None:
                queue = self._queue(mapping.queue_url)
                poller = QueuePoller(
                    mapping,
                    queue,
                    invoker=self._invoker,
                    reporter=self._reporter,
                    loops=self._loops,
                )
                poller.start()
            self._pollers[mapping] = poller

    async def _read(self, application: Application) -> None:
        """Read the streams; a mapping that is new in a later version begins where it says."""
        before, self._streams = self._streams, {}
        wanted = application.stream_mappings
        await asyncio.gather(
            *(poller.close() for mapping, poller in before.items() if mapping not in wanted)
        )
        for mapping in wanted:
            poller = before.get(mapping)
            if poller is None:
                poller = StreamPoller(
                    mapping,
                    await in_thread(partial(self._stream, mapping)),
                    self._stream_services,
                    function_arn=application.functions[mapping.function].arn,
                )
                await poller.start()
            self._streams[mapping] = poller

    def _stream(self, mapping: StreamMapping) -> Stream:
        # A reader of each shard waits in a connection of its own.
        if mapping.api == "kinesis":
            return KinesisStream(self._new_client("kinesis", 100), mapping)
        return DynamoDbStream(self._new_client("dynamodbstreams", 10), mapping)

    async def _time(self, timed: list[EventRule | Schedule]) -> None:
        before, self._timers = self._timers, {}
        await asyncio.gather(
            *(timer.close() for source, timer in before.items() if source not in timed)
        )
        for source in timed:
            self._timers[source] = before.get(source) or self._timer(source)

    def _timer(self, timed: EventRule | Schedule) -> ScheduleTimer:
        async def due(at: datetime) -> None:
            event_id = str(uuid.uuid4())
            if isinstance(timed, EventRule):
                event = rule_event(timed.arn, at, event_id)
                await self._rule_delivery.deliver(timed, event, "schedule")
            else:
                payload = schedule_payload(timed.target.input, timed.arn, at, event_id)
                trigger = Trigger(api="schedule", name=timed.name)
                await self._delivery.deliver(timed.target, payload, trigger)

        timetable = timed.timetable
        if timetable is None:
            raise ValueError(f"{timed.name} has no timetable")
        return ScheduleTimer(timetable, self._clock, due)

    def _queue(self, url: str) -> Queue:
        return SqsQueue(self._client, url)

    def _queue_client(self, application: Application) -> Any:
        # Every long poll holds a connection, and what it brings needs others.
        connections = 2 * len(application.queue_mappings) + 10
        return self._new_client("sqs", connections)

    def _service_client(self, service: str) -> Any:
        """A client of another service, made when it is first needed."""
        if service not in self._others:
            self._others[service] = self._new_client(service, 10)
        return self._others[service]

    def _new_client(self, service: str, connections: int) -> Any:
        if self._clients is None:
            raise AssertionError("nothing is served yet")
        return self._clients.client(service, connections=connections)
