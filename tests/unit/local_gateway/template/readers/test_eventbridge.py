"""Rules and schedules of a template, and those that are refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from local_gateway.core.event_sources.cron import Cron
from local_gateway.core.event_sources.model import EventTarget, TargetInput
from local_gateway.core.event_sources.schedule import Rate, Timetable
from tests.unit.local_gateway.template.project import Project
from tests.unit.local_gateway.template.sources_project import failure, read


def test_rule_with_a_pattern_on_a_custom_bus(project: Project) -> None:
    resources = """
  R:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: shop
      EventPattern: {source: [sapa]}
      Targets:
        - {Id: a, Arn: !GetAtt F.Arn, InputPath: $.detail}
        - {Id: b, Arn: !GetAtt Row.Arn, SqsParameters: {MessageGroupId: g}}
        - Id: c
          Arn: !GetAtt F.Arn
          InputTransformer: {InputPathsMap: {x: $.id}, InputTemplate: <x>}
        - {Id: d, Arn: 'arn:aws:logs:us-east-1:123456789012:log-group:/all'}
"""
    [rule] = read(project, resources=resources).event_rules
    assert (rule.name, rule.arn, rule.timetable, rule.enabled) == (
        "the-rule",
        "arn:rule",
        None,
        True,
    )
    transformer = TargetInput(template="<x>", paths=(("x", "$.id"),))
    assert rule.targets == (
        EventTarget(target_id="a", function="F", input=TargetInput(path="$.detail")),
        EventTarget(target_id="b", queue_url="http://row.fifo", message_group_id="g"),
        EventTarget(target_id="c", function="F", input=transformer),
    )


def test_events_of_sam(project: Project) -> None:
    pattern = "Pattern: {source: [sapa]}"
    for kind in ("EventBridgeRule", "CloudWatchEvent"):
        [rule] = read(project, f"{{Type: {kind}, Properties: {{{pattern}}}}}").event_rules
        assert (rule.name, [target.function for target in rule.targets]) == ("one", ["F"])
    schedule = "{Type: Schedule, Properties: {Schedule: rate(5 minutes), Enabled: false}}"
    [rule] = read(project, schedule).event_rules
    assert rule.timetable == Timetable(expression=Rate(timedelta(minutes=5)))
    assert not rule.enabled


def test_schedule_of_sam(project: Project) -> None:
    event = """{Type: ScheduleV2, Properties: {
      ScheduleExpression: cron(0 9 * * ? *), ScheduleExpressionTimezone: Asia/Jakarta,
      StartDate: "2030-01-01T00:00:00Z", Input: '{"a": 1}', GroupName: reports}}"""
    [schedule] = read(project, event).schedules
    assert schedule.arn == "arn:aws:scheduler:us-east-1:123456789012:schedule/reports/FOne"
    assert schedule.timetable == Timetable(
        expression=Cron.parse("0 9 * * ? *"),
        zone=ZoneInfo("Asia/Jakarta"),
        start=datetime(2030, 1, 1, tzinfo=UTC),
        immediate=True,
    )
    constant = TargetInput(constant='{"a": 1}')
    assert schedule.target == EventTarget(target_id="FOne", function="F", input=constant)


RULE = "R: {{Type: AWS::Events::Rule, Properties: {{{}}}}}"
SCHEDULE = "S: {{Type: AWS::Scheduler::Schedule, Properties: {{{}}}}}"
TO_F = "Targets: [{Id: a, Arn: !GetAtt F.Arn}]"


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (RULE.format(TO_F), "the rule has neither EventPattern nor ScheduleExpression"),
        (RULE.format(f"ScheduleExpression: rate(1 minutes), {TO_F}"), "write 1 minute"),
        (RULE.format(f"ScheduleExpression: at(2030-01-01T00:00:00), {TO_F}"), "rules have no at("),
        (
            RULE.format(f"ScheduleExpression: rate(1 day), EventBusName: shop, {TO_F}"),
            "schedules are for the default bus only",
        ),
        (
            RULE.format("EventPattern: {a: [b]}, Targets: [{Id: a, Arn: 'arn:aws:sns:x:1:t'}]"),
            "the target arn:aws:sns:x:1:t is not served, only functions, queues and",
        ),
        (
            RULE.format(
                "EventPattern: {a: [b]}, Targets: [{Id: a, Arn: !GetAtt F.Arn, Input: '{'}]"
            ),
            "Input is not JSON",
        ),
        (
            RULE.format(
                "EventPattern: {a: [b]},"
                " Targets: [{Id: a, Arn: !GetAtt F.Arn, Input: '{}', InputPath: $.a}]"
            ),
            "Input and InputPath exclude each other",
        ),
        (
            RULE.format("EventPattern: {a: [b]}, Targets: [{Id: a, Arn: !GetAtt Row.Arn}]"),
            "a FIFO queue as target needs SqsParameters.MessageGroupId",
        ),
        (
            RULE.format(f"EventPattern: {{source: shop}}, {TO_F}"),
            "EventPattern: AWS refuses it: source must be a list or an object: write [shop]",
        ),
        (RULE.format(f"EventPattern: {{}}, {TO_F}"), "the pattern is empty or is not an object"),
        (RULE.format(f"EventPattern: {{detail: {{}}}}, {TO_F}"), "detail is an empty object"),
        (RULE.format(f"EventPattern: {{a: []}}, {TO_F}"), "a is an empty list"),
        (
            RULE.format(f"EventPattern: {{a: [{{begins: x}}]}}, {TO_F}"),
            "begins is not a comparison",
        ),
        (RULE.format(f"EventPattern: {{$or: [{{a: [b]}}]}}, {TO_F}"), "at least two patterns"),
        (RULE.format(f"EventPattern: {{a: [b]}}, State: OFF, {TO_F}"), "State: false is not"),
        (
            RULE.format(
                "EventPattern: {a: [b]},"
                " Targets: [{Id: a, Arn: !GetAtt F.Arn}, {Id: a, Arn: !GetAtt F.Arn}]"
            ),
            "Targets.1.Id: 'a' is refused by AWS; another target has this Id",
        ),
        (
            SCHEDULE.format(
                "ScheduleExpression: rate(1 day), Target: {Arn: !GetAtt F.Arn},"
                " FlexibleTimeWindow: {Mode: FLEXIBLE}"
            ),
            "a flexible window needs MaximumWindowInMinutes",
        ),
        (
            SCHEDULE.format(
                "ScheduleExpression: rate(1 day), Target: {Arn: !GetAtt F.Arn},"
                " FlexibleTimeWindow: {Mode: 'OFF', MaximumWindowInMinutes: 5}"
            ),
            "is for Mode: FLEXIBLE only; AWS refuses it",
        ),
        (
            SCHEDULE.format(
                "ScheduleExpression: rate(1 day),"
                " Target: {Arn: !GetAtt F.Arn, RetryPolicy: {MaximumRetryAttempts: 200}}"
            ),
            "expected a whole number from 0 to 185, found 200",
        ),
        (
            SCHEDULE.format("ScheduleExpression: rate(1 day), Target: {Arn: 'arn:aws:x:::y'}"),
            "the target arn:aws:x:::y is not served",
        ),
        (
            SCHEDULE.format(
                "ScheduleExpression: rate(1 day), ScheduleExpressionTimezone: Mars/Olympus,"
                " Target: {Arn: !GetAtt F.Arn}"
            ),
            "Mars/Olympus is not a time zone of this computer",
        ),
        (
            SCHEDULE.format(
                "ScheduleExpression: rate(1 day), StartDate: soon, Target: {Arn: !GetAtt F.Arn}"
            ),
            "soon is not a time",
        ),
        (
            SCHEDULE.format("ScheduleExpresion: rate(1 day), Target: {Arn: !GetAtt F.Arn}"),
            "did you mean ScheduleExpression?",
        ),
    ],
)
def test_rules_and_schedules_that_are_refused(
    project: Project, resource: str, message: str
) -> None:
    assert message in failure(project, resources=f"  {resource}\n")
