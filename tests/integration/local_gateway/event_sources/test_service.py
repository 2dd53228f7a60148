"""Another version of an application takes the place of its event sources."""

from dataclasses import replace

from tests.integration.local_gateway.event_sources.conftest import Stage
from tests.integration.local_gateway.event_sources.test_queues import worker
from tests.integration.local_gateway.event_sources.test_rules import listener, put
from tests.support.clock import START

SCHEDULED = """
  {name}:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.take
      Events:
        One: {event}
"""


async def test_disabled_mapping_takes_nothing_until_it_is_enabled(stage: Stage) -> None:
    running = await stage.run(worker("take", ", Enabled: false"))
    running.send("Work", "patience")
    assert running.left_in("Work") == 1
    assert running.recorder.records == []
    [mapping] = running.application.queue_mappings
    enabled = replace(running.application, queue_mappings=(replace(mapping, enabled=True),))
    await running.sources.deploy(enabled)
    [event] = await running.recorder.wait_for_events(1)
    assert event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1"


async def test_mapping_that_is_gone_leaves_messages_alone(stage: Stage) -> None:
    running = await stage.run(worker("take"))
    running.send("Work", "first")
    await running.recorder.wait_for_records(1)
    await running.sources.deploy(replace(running.application, queue_mappings=()))
    running.send("Work", "second")
    # What the abandoned long poll still receives is given back at once.
    assert [message["Body"] for message in await running.receive("Work")] == ["second"]
    assert len(running.recorder.records) == 1


async def test_rule_that_is_gone_is_silent(stage: Stage) -> None:
    pattern = "Pattern: {source: [!Ref AWS::StackName]}"
    running = await stage.run(listener(pattern, name="First") + listener(pattern, name="Second"))
    application = running.application
    rules = tuple(rule for rule in application.event_rules if rule.logical_id == "SecondOne")
    await running.sources.deploy(replace(application, event_rules=rules))
    put(running, {"n": 1})
    put(running, {"n": 2})
    await running.recorder.wait_for_records(2)
    assert {entry.function for entry in running.recorder.records} == {"Second"}


async def test_another_version_keeps_the_time_of_what_stays(stage: Stage) -> None:
    event = "{Type: Schedule, Properties: {Schedule: rate(1 hour), Input: '1'}}"
    other = "{Type: Schedule, Properties: {Schedule: rate(40 minutes), Input: '2'}}"
    running = await stage.run(
        SCHEDULED.format(name="Sleeper", event=event) + SCHEDULED.format(name="Waker", event=other)
    )
    await running.clock.advance()
    await running.recorder.wait_for_records(1)
    application = running.application
    kept = tuple(rule for rule in application.event_rules if rule.logical_id == "SleeperOne")
    await running.sources.deploy(replace(application, event_rules=kept))
    await running.clock.advance()
    assert await running.recorder.wait_for_events(2) == [2, 1]
    assert (running.clock.now() / 1000 - START.timestamp()) == 3600
