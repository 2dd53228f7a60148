"""Event source mappings of DynamoDB and Kinesis streams, as typed values.

Source: Lambda API reference, CreateEventSourceMapping, and developer guide, "Process DynamoDB
records with Lambda" (services-ddb-create).
"""

from dataclasses import dataclass

from local_gateway.core.event_sources.model import StreamMapping
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.readers.destinations import DestinationReader
from local_gateway.template.readers.event_filters import read_filters, reports_failures
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate

_OF_STREAMS = (
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "Enabled",
    "EventSourceArn",
    "FilterCriteria",
    "FunctionName",
    "FunctionResponseTypes",
    "KmsKeyArn",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "MetricsConfig",
    "ParallelizationFactor",
    "StartingPosition",
    "StartingPositionTimestamp",
    "Tags",
    "TumblingWindowInSeconds",
)
# By service: the type of the source, and its attribute with the ARN.
SOURCES = {
    "dynamodb": ("AWS::DynamoDB::Table", "StreamArn"),
    "kinesis": ("AWS::Kinesis::Stream", "Arn"),
}
_POSITIONS = {
    "dynamodb": ("TRIM_HORIZON", "LATEST"),
    "kinesis": ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"),
}
_LARGEST_BATCH, _LONGEST_WINDOW = 10_000, 300
_SHORTEST_AGE, _LONGEST_AGE = 60, 604_800
_MOST_RETRIES, _MOST_BATCHES = 10_000, 10


@dataclass(frozen=True, slots=True)
class StreamMappingReader:
    """Reads event source mappings of streams, and warns of what is not served."""

    resources: ResolvedTemplate
    functions: FunctionDirectory
    destinations: DestinationReader
    warnings: list[str]

    def read(self, properties: Properties, service: str) -> StreamMapping | None:
        """A mapping; None, with a warning, if its stream is not in the template.

        Raises `TemplateError` for one that AWS would refuse.
        """
        for name in properties.values:
            if name not in _OF_STREAMS:
                raise TemplateError(properties.place(name), "is not for streams", "remove it")
        function = self.functions.find_by_name(properties, "FunctionName")
        arn = properties.text("EventSourceArn")
        if not self._is_here(arn, service):
            kind, attribute = SOURCES[service]
            self.warnings.append(
                f"{properties.place('EventSourceArn')}: {arn} is not the {attribute} of an {kind} "
                "of this template; nothing invokes the function from there"
            )
            return None
        position = properties.choice("StartingPosition", _POSITIONS[service])
        destination = properties.section("DestinationConfig").section("OnFailure")
        if properties.value("TumblingWindowInSeconds") not in (None, 0, "0"):
            self.warnings.append(
                f"{properties.place('TumblingWindowInSeconds')}: tumbling windows are not served; "
                "the function gets plain batches"
            )
        enabled = properties.value("Enabled")
        return StreamMapping(
            logical_id=properties.logical_id,
            function=function.logical_id,
            stream_arn=arn,
            starting_position=position,
            starting_timestamp=_starting_timestamp(properties, position),
            batch_size=properties.integer_between("BatchSize", 1, _LARGEST_BATCH, 100),
            batching_window=properties.integer_between(
                "MaximumBatchingWindowInSeconds", 0, _LONGEST_WINDOW, 0
            ),
            maximum_retries=_limit(properties, "MaximumRetryAttempts", 0, _MOST_RETRIES),
            maximum_age=_limit(
                properties, "MaximumRecordAgeInSeconds", _SHORTEST_AGE, _LONGEST_AGE
            ),
            bisects=properties.flag("BisectBatchOnFunctionError"),
            parallelization=properties.integer_between(
                "ParallelizationFactor", 1, _MOST_BATCHES, 1
            ),
            report_batch_item_failures=reports_failures(properties),
            filters=read_filters(properties),
            on_failure=self.destinations.read(destination, "Destination"),
            enabled=enabled is None or properties.flag("Enabled"),
        )

    def _is_here(self, arn: str, service: str) -> bool:
        kind, attribute = SOURCES[service]
        for source in self.resources.of_type(kind):
            if kind == "AWS::DynamoDB::Table" and "StreamSpecification" not in source.values:
                continue
            if self.resources.attribute(source.logical_id, attribute, source.place()) == arn:
                return True
        return False


def _limit(properties: Properties, name: str, lowest: int, highest: int) -> int | None:
    """A number, or None for -1, which is no limit."""
    if properties.integer(name) == -1:
        return None
    number = properties.integer_between(name, lowest, highest, -1)
    return None if number == -1 else number


def _starting_timestamp(properties: Properties, position: str) -> float | None:
    at = properties.number("StartingPositionTimestamp")
    if (position == "AT_TIMESTAMP") != (at is not None):
        raise TemplateError(
            properties.place("StartingPositionTimestamp"),
            "goes with AT_TIMESTAMP, and only with it",
        )
    return at
