"""Schedules invoke functions when a clock, here a virtual one, says so."""

import json
from datetime import UTC, datetime

from tests.integration.local_gateway.event_sources.conftest import Stage
from tests.support.clock import START

FUNCTION = """
  Sleeper:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.take
      Events:
        One: {event}
"""


async def test_cron_rule_invokes_with_a_scheduled_event(stage: Stage) -> None:
    event = "{Type: Schedule, Properties: {Schedule: cron(15 10 * * ? *)}}"
    running = await stage.run(FUNCTION.format(event=event))
    assert await running.clock.advance() == datetime(2030, 1, 31, 10, 15, tzinfo=UTC)
    [printed] = await running.recorder.wait_for_events(1)
    assert (printed["detail-type"], printed["source"]) == ("Scheduled Event", "aws.events")
    assert printed["time"] == "2030-01-31T10:15:00Z"
    assert printed["resources"] == [running.values.attributes["SleeperOne", "Arn"]]
    [record] = await running.recorder.wait_for_records(1)
    assert (record.api, record.outcome, record.function) == ("schedule", "ok", "Sleeper")


async def test_rate_goes_on_and_passes_its_input(stage: Stage) -> None:
    event = "{Type: Schedule, Properties: {Schedule: rate(5 minutes), Input: '{\"a\": 1}'}}"
    running = await stage.run(FUNCTION.format(event=event))
    for _ in range(3):
        await running.clock.advance()
    assert await running.recorder.wait_for_events(3) == [{"a": 1}] * 3
    assert (running.clock.now() / 1000 - START.timestamp()) == 15 * 60


async def test_schedule_in_a_time_zone(stage: Stage) -> None:
    event = """{Type: ScheduleV2, Properties: {
          ScheduleExpression: cron(0 9 1 * ? *), ScheduleExpressionTimezone: Asia/Jakarta,
          Input: '{"at": "<aws.scheduler.scheduled-time>"}'}}"""
    running = await stage.run(FUNCTION.format(event=event))
    await running.clock.advance()
    assert await running.recorder.wait_for_events(1) == [{"at": "2030-02-01T02:00:00Z"}]


async def test_scheduled_rule_and_schedule_send_to_queues(stage: Stage) -> None:
    resources = """
  Kept: {Type: AWS::SQS::Queue}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 hour)
      Targets: [{Id: a, Arn: !GetAtt Kept.Arn}]
  Other: {Type: AWS::SQS::Queue}
  Once:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: at(2030-01-31T09:30:00)
      FlexibleTimeWindow: {Mode: "OFF"}
      Target: {Arn: !GetAtt Other.Arn, RoleArn: x, Input: once}
""".replace("Input: once", "Input: '\"once\"'")
    running = await stage.run(resources)
    await running.clock.advance()
    assert [message["Body"] for message in await running.receive("Other")] == ['"once"']
    await running.clock.advance()
    [message] = await running.receive("Kept")
    assert json.loads(message["Body"])["time"] == "2030-01-31T10:00:30Z"


async def test_disabled_schedule_never_runs(stage: Stage) -> None:
    event = "{Type: Schedule, Properties: {Schedule: rate(1 minute), State: DISABLED}}"
    other = "{Type: Schedule, Properties: {Schedule: rate(1 hour), Input: '2'}}"
    running = await stage.run(
        FUNCTION.format(event=event) + FUNCTION.format(event=other).replace("Sleeper", "Waker")
    )
    await running.clock.advance()
    assert await running.recorder.wait_for_events(1) == [2]
    assert (running.clock.now() / 1000 - START.timestamp()) == 3600
