"""Mappings of streams in a template, and those that are refused."""

import pytest

from local_gateway.core.event_sources.model import Destination, StreamMapping
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project
from tests.unit.local_gateway.template.sources_project import ARN, VALUES, template

TABLE_STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2024"
DATA_STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
RESOURCES = """
  T:
    Type: AWS::DynamoDB::Table
    Properties: {StreamSpecification: {StreamViewType: NEW_IMAGE}}
  Plain: {Type: AWS::DynamoDB::Table}
  S: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 1}}
"""
ALL_VALUES = ResourceValues(
    refs={**VALUES.refs, "T": "t", "Plain": "plain", "S": "s"},
    attributes={
        **VALUES.attributes,
        ("T", "StreamArn"): TABLE_STREAM,
        ("Plain", "Arn"): "arn:plain",
        ("S", "Arn"): DATA_STREAM,
    },
)


def event(more: str = "", position: str = "LATEST", kind: str = "DynamoDB") -> str:
    stream = "!GetAtt T.StreamArn" if kind == "DynamoDB" else "!GetAtt S.Arn"
    return f"{{Type: {kind}, Properties: {{Stream: {stream}, StartingPosition: {position}{more}}}}}"


def mapping(project: Project, written: str) -> StreamMapping:
    [read] = project.build(template(written, RESOURCES), ALL_VALUES).stream_mappings
    return read


def test_mapping_with_the_defaults(project: Project) -> None:
    read = mapping(project, event())
    assert read == StreamMapping(
        logical_id="FOne", function="F", stream_arn=TABLE_STREAM, starting_position="LATEST"
    )
    assert (read.api, read.source_name) == ("dynamodb", "t")
    assert mapping(project, event(kind="Kinesis")).source_name == "s"


def test_mapping_with_everything(project: Project) -> None:
    written = event(
        ", BatchSize: 7, MaximumBatchingWindowInSeconds: 2, MaximumRetryAttempts: 3,"
        " MaximumRecordAgeInSeconds: 60, BisectBatchOnFunctionError: true,"
        " ParallelizationFactor: 4, FunctionResponseTypes: [ReportBatchItemFailures],"
        " FilterCriteria: {Filters: [{Pattern: '{}'}]}, Enabled: false,"
        " DestinationConfig: {OnFailure: {Destination: !GetAtt Q.Arn}}",
        "TRIM_HORIZON",
    )
    assert mapping(project, written) == StreamMapping(
        logical_id="FOne",
        function="F",
        stream_arn=TABLE_STREAM,
        starting_position="TRIM_HORIZON",
        batch_size=7,
        batching_window=2,
        maximum_retries=3,
        maximum_age=60,
        bisects=True,
        parallelization=4,
        report_batch_item_failures=True,
        filters=("{}",),
        on_failure=Destination(arn=f"{ARN}:q", queue_url="http://q"),
        enabled=False,
    )


def test_minus_one_is_no_limit(project: Project) -> None:
    written = event(", MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: -1")
    read = mapping(project, written)
    assert (read.maximum_retries, read.maximum_age) == (None, None)


def test_kinesis_can_begin_at_a_moment(project: Project) -> None:
    written = event(", StartingPositionTimestamp: 1700000000", "AT_TIMESTAMP", "Kinesis")
    assert mapping(project, written).starting_timestamp == 1_700_000_000


def test_tumbling_windows_are_left_out_with_a_warning(project: Project) -> None:
    text = template(event(", TumblingWindowInSeconds: 30"), RESOURCES)
    loaded = project.read(text, ALL_VALUES)
    assert any("tumbling windows are not served" in warning for warning in loaded.warnings)


def test_stream_of_another_stack_is_left_out_with_a_warning(project: Project) -> None:
    written = (
        f"{{Type: DynamoDB, Properties: {{StartingPosition: LATEST, Stream: '{TABLE_STREAM}2'}}}}"
    )
    loaded = project.read(template(written, RESOURCES), ALL_VALUES)
    assert loaded.application.stream_mappings == ()
    assert any("nothing invokes the function from there" in line for line in loaded.warnings)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (event(position="NEWEST"), "StartingPosition: NEWEST is not allowed"),
        (event(position="AT_TIMESTAMP"), "AT_TIMESTAMP is not allowed"),
        (event(position="AT_TIMESTAMP", kind="Kinesis"), "goes with AT_TIMESTAMP"),
        (event(", StartingPositionTimestamp: 1", kind="Kinesis"), "goes with AT_TIMESTAMP"),
        (event(", BatchSize: 0"), "expected a whole number from 1 to 10000, found 0"),
        (event(", MaximumBatchingWindowInSeconds: 301"), "from 0 to 300, found 301"),
        (event(", MaximumRetryAttempts: 10001"), "from 0 to 10000, found 10001"),
        (event(", MaximumRecordAgeInSeconds: 59"), "from 60 to 604800, found 59"),
        (event(", ParallelizationFactor: 11"), "from 1 to 10, found 11"),
        (event(", FunctionResponseTypes: [Other]"), "Other is not allowed"),
    ],
)
def test_mappings_that_are_refused(project: Project, written: str, message: str) -> None:
    with pytest.raises(TemplateError) as raised:
        mapping(project, written)
    assert message in str(raised.value)


def test_properties_of_queues_are_no_properties_of_streams(project: Project) -> None:
    resources = f"""{RESOURCES}
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref F
      EventSourceArn: !GetAtt T.StreamArn
      StartingPosition: LATEST
      ScalingConfig: {{MaximumConcurrency: 2}}
"""
    with pytest.raises(TemplateError, match="ScalingConfig: is not for streams"):
        project.build(template(resources=resources), ALL_VALUES)
