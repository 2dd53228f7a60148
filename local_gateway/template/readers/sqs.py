"""SQS queues, and the event source mappings of queues, as typed values.

Source: Lambda developer guide, "Creating and configuring an Amazon SQS event source mapping"
(services-sqs-configure), which has the limits that are checked here.
"""

from dataclasses import dataclass
from functools import cached_property

from local_gateway.core.event_sources.model import QueueMapping
from local_gateway.core.model import LambdaFunction
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.problems import NotServedError
from local_gateway.template.readers.event_filters import read_filters, reports_failures
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate

_QUEUE = "AWS::SQS::Queue"

DEFAULT_VISIBILITY_TIMEOUT = 30

DEFAULT_BATCH_SIZE = 10
_LARGEST_BATCH = 10_000
_LARGEST_BATCH_AT_ONCE = 10
_LONGEST_WINDOW = 300
# Other properties are for streams, or for brokers.
_OF_QUEUES = (
    "BatchSize",
    "Enabled",
    "EventSourceArn",
    "FilterCriteria",
    "FunctionName",
    "FunctionResponseTypes",
    "KmsKeyArn",
    "MaximumBatchingWindowInSeconds",
    "MetricsConfig",
    "ProvisionedPollerConfig",
    "ScalingConfig",
    "Tags",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue that exists; `visibility_timeout` is seconds."""

    arn: str
    url: str
    visibility_timeout: int

    @property
    def is_fifo(self) -> bool:
        return self.arn.endswith(".fifo")


class QueueDirectory:
    """Finds the queues of a template by their ARN."""

    def __init__(self, resources: ResolvedTemplate) -> None:
        self._resources = resources

    def get(self, arn: str) -> Queue | None:
        """The queue with this ARN, if it is in the template."""
        return self._by_arn.get(arn)

    @cached_property
    def _by_arn(self) -> dict[str, Queue]:
        queues = [self._queue(properties) for properties in self._resources.of_type(_QUEUE)]
        return {queue.arn: queue for queue in queues}

    def _queue(self, properties: Properties) -> Queue:
        timeout = properties.integer("VisibilityTimeout")
        return Queue(
            arn=self._resources.arn_of(properties),
            url=self._resources.ref_of(properties),
            visibility_timeout=DEFAULT_VISIBILITY_TIMEOUT if timeout is None else timeout,
        )

    def find(self, properties: Properties, name: str) -> Queue:
        """The queue whose ARN a property holds."""
        arn = properties.text(name)
        if arn not in self._by_arn:
            cause = f"{arn} is not a queue of this template"
            if arn.startswith("arn:"):
                raise NotServedError(properties.place(name), cause, "what leads there is left out")
            raise TemplateError(
                properties.place(name),
                cause,
                "expected the ARN of an AWS::SQS::Queue, with Fn::GetAtt",
            )
        return self._by_arn[arn]


@dataclass(frozen=True, slots=True)
class QueueMappingReader:
    """Reads event source mappings of queues."""

    functions: FunctionDirectory
    queues: QueueDirectory

    def read(self, properties: Properties) -> QueueMapping:
        """A mapping; raises `TemplateError` for one that AWS would refuse."""
        for name in properties.values:
            if name not in _OF_QUEUES:
                raise TemplateError(properties.place(name), "is not for SQS queues", "remove it")
        function = self.functions.find_by_name(properties, "FunctionName")
        queue = self.queues.find(properties, "EventSourceArn")
        _check_visibility(properties, queue, function)
        window = properties.integer_between(
            "MaximumBatchingWindowInSeconds", 0, 0 if queue.is_fifo else _LONGEST_WINDOW, 0
        )
        enabled = properties.value("Enabled")
        return QueueMapping(
            logical_id=properties.logical_id,
            function=function.logical_id,
            queue_arn=queue.arn,
            queue_url=queue.url,
            batch_size=_batch_size(properties, queue, window),
            batching_window=window,
            report_batch_item_failures=reports_failures(properties),
            maximum_concurrency=_maximum_concurrency(properties),
            filters=read_filters(properties),
            enabled=enabled is None or properties.flag("Enabled"),
        )


def _check_visibility(properties: Properties, queue: Queue, function: LambdaFunction) -> None:
    if queue.visibility_timeout < function.timeout:
        raise TemplateError(
            properties.place("EventSourceArn"),
            f"the queue's visibility timeout of {queue.visibility_timeout} seconds is less "
            f"than the timeout of {function.logical_id}, {function.timeout:g} seconds",
            "AWS refuses this; set VisibilityTimeout to six times the function's timeout",
        )


def _batch_size(properties: Properties, queue: Queue, window: int) -> int:
    largest = _LARGEST_BATCH_AT_ONCE if queue.is_fifo else _LARGEST_BATCH
    size = properties.integer_between("BatchSize", 1, largest, DEFAULT_BATCH_SIZE)
    if size > _LARGEST_BATCH_AT_ONCE and not window:
        raise TemplateError(
            properties.place("BatchSize"),
            f"batches of more than {_LARGEST_BATCH_AT_ONCE} messages need a batching window",
            "set MaximumBatchingWindowInSeconds to at least 1",
        )
    return size


def _maximum_concurrency(properties: Properties) -> int | None:
    scaling = properties.section("ScalingConfig")
    scaling.only("MaximumConcurrency")
    if scaling.value("MaximumConcurrency") is None:
        return None
    return scaling.integer_between("MaximumConcurrency", 2, 1000, 2)
