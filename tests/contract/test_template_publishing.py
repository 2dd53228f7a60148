"""What template.yaml promises about events: the queue, who invokes whom, what is never lost."""

import pytest

from tests.contract.transformed_template import function_behind, references, resources

DEAD_LETTERS = ["FanOutDeadLetterQueue", "PublishDeadLetterQueue"]
FOURTEEN_DAYS = 14 * 24 * 3600


def test_the_queue_gives_a_batch_six_times_the_functions_time() -> None:
    function = resources("AWS::Lambda::Function")["FanOutFunction"]
    queue = resources("AWS::SQS::Queue")["FanOutQueue"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["SqsManagedSseEnabled"] is True


def test_what_cannot_be_delivered_waits_for_somebody() -> None:
    redrive = resources("AWS::SQS::Queue")["FanOutQueue"]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["FanOutDeadLetterQueue", "Arn"]}
    assert redrive["maxReceiveCount"] >= 2


@pytest.mark.parametrize("queue_id", DEAD_LETTERS)
def test_dead_letters_are_kept_and_somebody_is_told(queue_id: str) -> None:
    queue = resources("AWS::SQS::Queue")[queue_id]
    assert queue["MessageRetentionPeriod"] == FOURTEEN_DAYS
    assert queue["SqsManagedSseEnabled"] is True
    [alarm] = [
        alarm
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        if queue_id in references(alarm.get("Dimensions"))
    ]
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert queue_id in alarm["AlarmDescription"]
    assert "AlarmTopic" in references(alarm["AlarmActions"])


def test_the_fan_out_reads_the_queue_and_says_what_failed() -> None:
    [mapping] = resources("AWS::Lambda::EventSourceMapping").values()
    assert function_behind(mapping["FunctionName"]) == "FanOutFunction"
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["FanOutQueue", "Arn"]}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "FanOutConcurrency"}}


def test_an_event_of_the_bus_is_published_or_kept_as_a_dead_letter() -> None:
    [(rule_id, rule)] = resources("AWS::Events::Rule").items()
    assert rule["EventPattern"] == {"source": ["sapa"], "detail-type": ["publish"]}
    [target] = rule["Targets"]
    dead_letters = {"Fn::GetAtt": ["PublishDeadLetterQueue", "Arn"]}
    assert function_behind(target["Arn"]) == "PublishFunction"
    assert target["DeadLetterConfig"] == {"Arn": dead_letters}
    function = resources("AWS::Lambda::Function")["PublishFunction"]
    assert function["DeadLetterConfig"] == {"TargetArn": dead_letters}
    [policy] = resources("AWS::SQS::QueuePolicy").values()
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Resource"] == dead_letters
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule_id, "Arn"]}}
    }
