"""What template.yaml promises about events: the queue, who invokes whom, what is never lost."""

import pytest

from tests.contract.transformed_template import function_behind, references, resources

FOURTEEN_DAYS = 14 * 24 * 3600


def test_the_queue_gives_a_batch_six_times_the_functions_time_and_keeps_what_fails() -> None:
    queue = resources("AWS::SQS::Queue")["FanOutQueue"]
    timeout = resources("AWS::Lambda::Function")["FanOutFunction"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert "FanOutDeadLetterQueue" in references(queue["RedrivePolicy"])


@pytest.mark.parametrize("queue_id", ["FanOutDeadLetterQueue", "PublishDeadLetterQueue"])
def test_dead_letters_are_kept_and_any_of_them_raises_an_alarm(queue_id: str) -> None:
    assert resources("AWS::SQS::Queue")[queue_id]["MessageRetentionPeriod"] == FOURTEEN_DAYS
    [alarm] = [
        alarm
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        if queue_id in references(alarm.get("Dimensions"))
    ]
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_the_fan_out_reads_the_queue_and_reports_what_failed() -> None:
    [mapping] = resources("AWS::Lambda::EventSourceMapping").values()
    assert function_behind(mapping["FunctionName"]) == "FanOutFunction"
    assert "FanOutQueue" in references(mapping["EventSourceArn"])
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_an_event_of_the_bus_is_published_or_kept_as_a_dead_letter() -> None:
    [(rule_id, rule)] = resources("AWS::Events::Rule").items()
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
    assert rule_id in references(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
