"""Mappings of queues and streams, rules and schedules as typed values."""

from dataclasses import dataclass
from typing import ClassVar

from local_gateway.core.event_sources.schedule import Timetable


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the record of an invocation goes; `function` is a logical id, `queue_url` a queue's."""

    arn: str
    function: str | None = None
    queue_url: str | None = None

    @property
    def service(self) -> str:
        """`lambda`, `sqs`, `sns` or `events`."""
        return self.arn.split(":")[2]

    @property
    def name(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMapping:
    """An `AWS::Lambda::EventSourceMapping` of an SQS queue; `batching_window` is seconds.

    `maximum_concurrency` is None when the template sets none.
    """

    logical_id: str
    function: str
    queue_arn: str
    queue_url: str
    batch_size: int = 10
    batching_window: int = 0
    report_batch_item_failures: bool = False
    maximum_concurrency: int | None = None
    filters: tuple[str, ...] = ()
    enabled: bool = True

    api: ClassVar[str] = "sqs"
    unit: ClassVar[str] = "message"

    @property
    def source_name(self) -> str:
        """The name of the queue."""
        return self.queue_arn.rpartition(":")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMapping:
    """An `AWS::Lambda::EventSourceMapping` of a DynamoDB or Kinesis stream.

    Times are seconds. `maximum_retries` and `maximum_age` are None without a limit.
    `parallelization` is the number of batches of a shard at a time, `starting_timestamp` is for
    `AT_TIMESTAMP`.
    """

    logical_id: str
    function: str
    stream_arn: str
    starting_position: str
    starting_timestamp: float | None = None
    batch_size: int = 100
    batching_window: int = 0
    maximum_retries: int | None = None
    maximum_age: int | None = None
    bisects: bool = False
    parallelization: int = 1
    report_batch_item_failures: bool = False
    filters: tuple[str, ...] = ()
    on_failure: Destination | None = None
    enabled: bool = True

    unit: ClassVar[str] = "record"

    @property
    def api(self) -> str:
        """`dynamodb` or `kinesis`."""
        return self.stream_arn.split(":")[2]

    @property
    def source_name(self) -> str:
        """The name of the table or stream."""
        return self.stream_arn.split(":")[5].split("/")[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetInput:
    """The input of a target: at most one of a constant, a JSON path and a template.

    `constant` and `template` are as written, `paths` are the template's variables with a JSON
    path each.
    """

    constant: str | None = None
    path: str | None = None
    template: str | None = None
    paths: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTarget:
    """A function, by its logical id, a queue, by its URL, or a state machine, by its ARN."""

    target_id: str
    function: str | None = None
    queue_url: str | None = None
    state_machine: str | None = None
    message_group_id: str | None = None
    input: TargetInput = TargetInput()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRule:
    """An `AWS::Events::Rule`; its pattern, if it has one, is matched by the bus."""

    logical_id: str
    name: str
    arn: str
    targets: tuple[EventTarget, ...]
    timetable: Timetable | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """An `AWS::Scheduler::Schedule`; the target's input is a constant or the default event."""

    logical_id: str
    name: str
    arn: str
    target: EventTarget
    timetable: Timetable
    enabled: bool = True
