"""Messages of a queue invoke a function, and stay where it fails."""

from collections import Counter

from aws_lambda_powertools.utilities.parser.models import SqsModel

from tests.integration.local_gateway.event_sources.conftest import Stage


def worker(handler: str, mapping: str = "", *, queue: str = "") -> str:
    """A queue with a dead-letter queue, and a function behind it."""
    return f"""
  Work:
    Type: AWS::SQS::Queue
    Properties:
      RedrivePolicy: {{deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}}
      {queue}
  Dead: {{Type: AWS::SQS::Queue}}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.{handler}
      Events:
        Work: {{Type: SQS, Properties: {{Queue: !GetAtt Work.Arn {mapping}}}}}
"""


async def test_message_arrives_with_all_its_attributes(stage: Stage) -> None:
    running = await stage.run(worker("take"))
    running.send(
        "Work",
        "héllo",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "greeting"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
    )
    [event] = await running.recorder.wait_for_events(1)
    [record] = SqsModel.model_validate(event).Records
    assert record.body == "héllo"
    assert record.attributes.ApproximateReceiveCount == "1"
    assert record.messageAttributes["kind"].stringValue == "greeting"
    assert record.messageAttributes["raw"].binaryValue == "AP8="
    assert record.eventSourceARN == running.values.attributes["Work", "Arn"]
    [report] = await running.recorder.wait_for_records(1)
    assert (report.api, report.outcome, report.function) == ("sqs", "ok", "Worker")
    assert report.detail == "1 message"
    assert running.left_in("Work") == 0


async def test_window_collects_a_batch_larger_than_one_call(stage: Stage) -> None:
    mapping = ", BatchSize: 12, MaximumBatchingWindowInSeconds: 60"
    running = await stage.run(worker("take", mapping))
    running.send("Work", *(str(number) for number in range(12)))
    [event] = await running.recorder.wait_for_events(1)
    assert sorted(int(record["body"]) for record in event["Records"]) == list(range(12))
    await running.recorder.wait_for_records(1)
    assert running.left_in("Work") == 0


async def test_end_of_the_window_invokes_with_what_has_come(stage: Stage) -> None:
    mapping = ", BatchSize: 100, MaximumBatchingWindowInSeconds: 1"
    running = await stage.run(worker("take", mapping))
    running.send("Work", "only")
    [event] = await running.recorder.wait_for_events(1)
    assert [record["body"] for record in event["Records"]] == ["only"]


async def test_only_the_messages_that_powertools_reports_stay(stage: Stage) -> None:
    window = ", MaximumBatchingWindowInSeconds: 60, BatchSize: 3"
    mapping = f"{window}, FunctionResponseTypes: [ReportBatchItemFailures]"
    running = await stage.run(worker("take_some", mapping))
    running.send("Work", "good 1", "bad", "good 2")
    [record] = await running.recorder.wait_for_records(1)
    assert (record.outcome, record.detail) == ("partly failed", "1 of 3 messages failed")
    assert record.problem
    assert running.left_in("Work") == 1


async def test_without_the_response_type_a_report_counts_for_nothing(stage: Stage) -> None:
    mapping = ", MaximumBatchingWindowInSeconds: 60, BatchSize: 2"
    running = await stage.run(worker("take_some", mapping))
    running.send("Work", "good", "bad")
    [record] = await running.recorder.wait_for_records(1)
    assert record.outcome == "ok"
    assert running.left_in("Work") == 0


async def test_failing_message_goes_to_the_dead_letter_queue(stage: Stage) -> None:
    running = await stage.run(worker("fail", queue="VisibilityTimeout: 2"))
    running.send("Work", "poison")
    # The third attempt to receive it finds that it was received twice.
    records = await running.recorder.wait_for_records(2)
    assert [record.outcome for record in records] == ["error", "error"]
    assert [message["Body"] for message in await running.receive("Dead")] == ["poison"]
    events = await running.recorder.wait_for_events(2)
    counts = [event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in events]
    assert counts == ["1", "2"]
    assert running.left_in("Work") == 0


async def test_message_that_failed_once_is_done_later(stage: Stage) -> None:
    running = await stage.run(worker("fail_first", queue="VisibilityTimeout: 2"))
    running.send("Work", "stubborn")
    records = await running.recorder.wait_for_records(2)
    assert [record.outcome for record in records] == ["error", "ok"]
    assert running.left_in("Work") == 0


async def test_messages_of_many_senders_are_each_done_once(stage: Stage) -> None:
    running = await stage.run(worker("take", ", BatchSize: 7"))
    running.send("Work", *(f"message {number}" for number in range(60)))

    def bodies() -> Counter[str]:
        return Counter(
            record["body"] for event in running.recorder.events for record in event["Records"]
        )

    await running.recorder.wait_until(lambda: bodies().total() >= 60)
    assert bodies() == Counter(f"message {number}" for number in range(60))


async def test_fifo_queue_keeps_the_order_of_a_group(stage: Stage) -> None:
    resources = """
  Work: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true, ContentBasedDeduplication: true}}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.take
      Events:
        Work: {Type: SQS, Properties: {Queue: !GetAtt Work.Arn, BatchSize: 2}}
"""
    running = await stage.run(resources)
    running.send("Work", *(f"{number:02}" for number in range(10)), MessageGroupId="one")

    def bodies() -> list[str]:
        return [record["body"] for event in running.recorder.events for record in event["Records"]]

    await running.recorder.wait_until(lambda: len(bodies()) >= 10)
    assert bodies() == [f"{number:02}" for number in range(10)]
