"""What template.yaml promises about events: the queue, who invokes whom, what is never lost."""

import pytest

from functions.answer.app import MAX_RECEIVES
from tests.contract.transformed_template import function_behind, references, resources

FOURTEEN_DAYS = 14 * 24 * 3600


def test_the_queue_gives_a_batch_six_times_the_functions_time_and_keeps_what_fails() -> None:
    queue = resources("AWS::SQS::Queue")["FanOutQueue"]
    timeout = resources("AWS::Lambda::Function")["FanOutFunction"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert "FanOutDeadLetterQueue" in references(queue["RedrivePolicy"])


@pytest.mark.parametrize(
    "queue_id", ["AnswerDeadLetterQueue", "FanOutDeadLetterQueue", "PublishDeadLetterQueue"]
)
def test_dead_letters_are_kept_and_any_of_them_raises_an_alarm(queue_id: str) -> None:
    assert resources("AWS::SQS::Queue")[queue_id]["MessageRetentionPeriod"] == FOURTEEN_DAYS
    [alarm] = [
        alarm
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        if queue_id in references(alarm.get("Dimensions"))
    ]
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


@pytest.mark.parametrize("name", ["FanOut", "Answer"])
def test_a_function_reads_its_queue_and_reports_what_failed(name: str) -> None:
    [mapping] = [
        mapping
        for mapping in resources("AWS::Lambda::EventSourceMapping").values()
        if function_behind(mapping["FunctionName"]) == f"{name}Function"
    ]
    assert f"{name}Queue" in references(mapping["EventSourceArn"])
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": f"{name}Concurrency"}}


def test_an_answer_has_the_time_that_lambda_allows_and_a_message_for_itself() -> None:
    queue = resources("AWS::SQS::Queue")["AnswerQueue"]
    timeout = resources("AWS::Lambda::Function")["AnswerFunction"]["Timeout"]
    assert timeout == 900
    assert queue["VisibilityTimeout"] >= timeout
    assert "AnswerDeadLetterQueue" in references(queue["RedrivePolicy"])
    assert queue["RedrivePolicy"]["maxReceiveCount"] == MAX_RECEIVES
    [mapping] = [
        mapping
        for mapping in resources("AWS::Lambda::EventSourceMapping").values()
        if function_behind(mapping["FunctionName"]) == "AnswerFunction"
    ]
    assert mapping["BatchSize"] == 1


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
