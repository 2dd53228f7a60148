"""Queue mappings of a template, and those that are refused."""

import pytest

from local_gateway.core.event_sources.model import QueueMapping
from tests.unit.local_gateway.template.project import Project
from tests.unit.local_gateway.template.sources_project import ARN, failure, read


def sqs(more: str = "", queue: str = "Q") -> str:
    return f"{{Type: SQS, Properties: {{Queue: !GetAtt {queue}.Arn{more}}}}}"


def test_queue_mapping_with_the_defaults(project: Project) -> None:
    assert read(project, sqs()).queue_mappings == (
        QueueMapping(logical_id="FOne", function="F", queue_arn=f"{ARN}:q", queue_url="http://q"),
    )


def test_queue_mapping_with_everything(project: Project) -> None:
    event = sqs(
        ", BatchSize: 500, MaximumBatchingWindowInSeconds: 5, Enabled: false,"
        " FunctionResponseTypes: [ReportBatchItemFailures],"
        " ScalingConfig: {MaximumConcurrency: 7}"
    )
    [mapping] = read(project, event).queue_mappings
    assert (mapping.batch_size, mapping.batching_window) == (500, 5)
    assert mapping.report_batch_item_failures
    assert mapping.maximum_concurrency == 7
    assert not mapping.enabled


def test_filters_are_patterns_as_json(project: Project) -> None:
    event = sqs(", FilterCriteria: {Filters: [{Pattern: '{\"body\": [\"a\"]}'}, {Pattern: '{}'}]}")
    [mapping] = read(project, event).queue_mappings
    assert mapping.filters == ('{"body": ["a"]}', "{}")


@pytest.mark.parametrize(
    "name",
    [
        "!Ref F",
        "!GetAtt F.Arn",
        "!Sub '${F}:live'",
        "!Sub '${F.Arn}:live'",
        "!Sub '123456789012:function:${F}'",
    ],
)
def test_raw_mapping_names_its_function_in_many_ways(project: Project, name: str) -> None:
    resources = f"""
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {{FunctionName: {name}, EventSourceArn: !GetAtt Q.Arn, BatchSize: "3"}}
"""
    [mapping] = read(project, resources=resources).queue_mappings
    assert (mapping.logical_id, mapping.function, mapping.batch_size) == ("M", "F", 3)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (sqs(", BatchSize: 0"), "BatchSize: expected a whole number from 1 to 10000, found 0"),
        (sqs(", BatchSize: 11"), "batches of more than 10 messages need a batching window"),
        (sqs(", BatchSize: 11", "Row"), "BatchSize: expected a whole number from 1 to 10, found"),
        (sqs(", MaximumBatchingWindowInSeconds: 301"), "from 0 to 300, found 301"),
        (sqs(", MaximumBatchingWindowInSeconds: 1", "Row"), "expected a whole number 0 only"),
        (sqs(", ScalingConfig: {MaximumConcurrency: 1}"), "from 2 to 1000, found 1"),
        (sqs(", FunctionResponseTypes: [Other]"), "Other is not allowed"),
        (
            f"{{Type: SQS, Properties: {{Queue: '{ARN}:other'}}}}",
            f"{ARN}:other is not a queue of this template",
        ),
    ],
)
def test_mappings_that_are_refused(project: Project, event: str, message: str) -> None:
    assert message in failure(project, event)


def test_properties_of_streams_are_no_properties_of_queues(project: Project) -> None:
    mapping = "FunctionName: !Ref F, EventSourceArn: !GetAtt Q.Arn, StartingPosition: LATEST"
    text = failure(
        project,
        resources=f"""
  M: {{Type: AWS::Lambda::EventSourceMapping, Properties: {{{mapping}}}}}
""",
    )
    assert "M: StartingPosition: is not for SQS queues" in text


def test_queue_that_shows_messages_again_too_early(project: Project) -> None:
    text = failure(project, sqs(), function="Timeout: 31,")
    assert "visibility timeout of 30 seconds is less than the timeout of F, 31 seconds" in text
