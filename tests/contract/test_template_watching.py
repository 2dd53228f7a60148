"""What the stack shows and reports: the dashboard, the alarms and the saved queries."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from sapa.answers.writer import ENDED
from sapa.observability import Metric, answer_metric, message_metric
from sapa.web.schemas import ERROR_CODES
from tests.contract.transformed_template import (
    PROJECT,
    observability,
    references,
    resources,
    searched_log_groups,
    source_template,
)

# What AWS counts, by namespace and dimension: developer guides "Types of metrics for Lambda
# functions", "Monitor WebSocket API execution with CloudWatch metrics", "Working with metrics for
# HTTP APIs" and "Available CloudWatch metrics for Amazon SQS".
AWS_METRICS = {
    ("AWS/Lambda", "FunctionName"): {"ConcurrentExecutions", "Duration", "Errors", "Throttles"},
    ("AWS/ApiGateway", "WebSocketApi"): {
        "ConnectCount",
        "MessageCount",
        "ClientError",
        "IntegrationError",
        "ExecutionError",
        "IntegrationLatency",
    },
    ("AWS/ApiGateway", "HttpApi"): {"4xx", "5xx", "Count", "Latency", "IntegrationLatency"},
    ("AWS/SQS", "QueueName"): {
        "ApproximateNumberOfMessagesVisible",
        "ApproximateAgeOfOldestMessage",
    },
}
TYPES = {
    "FunctionName": "AWS::Lambda::Function",
    "ApiId": "AWS::ApiGatewayV2::Api",
    "QueueName": "AWS::SQS::Queue",
}
STACK_NAMES = ({"Ref": "AWS::StackName"}, {"Ref": "StackName"})


def own_metrics() -> set[str]:
    """What `tests/integration/sapa/test_observability.py` sees the functions emit."""
    outcomes = ("ok", "accepted", "pong", "resumed", "stopping", "answers", *ERROR_CODES)
    return {*Metric, *map(message_metric, outcomes), *map(answer_metric, ENDED)}


def assert_exists(namespace: str, name: str, dimension: str, value: Any) -> None:
    """A metric that nothing emits would be a line without data, or an alarm that never rings."""
    if namespace == "Sapa":
        assert dimension == "service"
        assert value in STACK_NAMES
        assert name in own_metrics()
        return
    [resource] = references(value)
    assert resource in resources(TYPES[dimension])
    assert name in AWS_METRICS[namespace, resource if dimension == "ApiId" else dimension]


def as_reference(text: str) -> dict[str, str]:
    """A `${Name}` of a substituted text as the reference that it is."""
    return {"Ref": text.removeprefix("${").removesuffix("}")}


@cache
def widgets() -> list[dict[str, Any]]:
    [dashboard] = resources("AWS::CloudWatch::Dashboard").values()
    found: list[dict[str, Any]] = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    return found


def shown() -> Iterator[tuple[str, str, str, Any]]:
    for widget in widgets():
        for namespace, name, dimension, value, *_ in widget["properties"].get("metrics", ()):
            yield namespace, name, dimension, as_reference(value)


def test_every_line_of_the_dashboard_is_a_metric_that_somebody_emits() -> None:
    for metric in shown():
        assert_exists(*metric)


def test_every_metric_that_is_paid_for_is_on_the_dashboard() -> None:
    assert {name for namespace, name, *_ in shown() if namespace == "Sapa"} == own_metrics()


def test_all_alarms_are_on_the_dashboard() -> None:
    [alarms] = [widget["properties"]["alarms"] for widget in widgets() if widget["type"] == "alarm"]
    # Those of template.yaml are parameters, whose values are ARNs.
    own = observability()["Resources"].keys() & resources("AWS::CloudWatch::Alarm").keys()
    given = resources("AWS::CloudWatch::Alarm").keys() - own
    assert set(alarms) == {f"${{{name}.Arn}}" for name in own} | {f"${{{name}}}" for name in given}


def test_the_nested_stack_gets_what_its_parameters_are_named_after() -> None:
    given = source_template()["Resources"]["Observability"]["Properties"]["Parameters"]
    assert given.keys() == observability()["Parameters"].keys()
    assert given.pop("StackName") == {"Ref": "AWS::StackName"}
    for name, value in given.items():
        assert set(references(value)) == {name}


def alarmed(alarm: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    metrics = [
        one["MetricStat"]["Metric"] for one in alarm.get("Metrics", ()) if "MetricStat" in one
    ]
    for metric in metrics or [alarm]:
        [dimension] = metric["Dimensions"]
        yield metric["Namespace"], metric["MetricName"], dimension["Name"], dimension["Value"]


@pytest.mark.parametrize("name", resources("AWS::CloudWatch::Alarm"))
def test_an_alarm_watches_metrics_that_somebody_emits(name: str) -> None:
    watched = list(alarmed(resources("AWS::CloudWatch::Alarm")[name]))
    assert watched
    for metric in watched:
        assert_exists(*metric)


@pytest.mark.parametrize("name", resources("AWS::CloudWatch::Alarm"))
def test_an_alarm_gives_a_remedy_and_notifies_the_topic(name: str) -> None:
    alarm = resources("AWS::CloudWatch::Alarm")[name]
    assert len(alarm["AlarmDescription"]) <= 1024
    assert " Remedy: " in alarm["AlarmDescription"]
    assert alarm["OKActions"] == alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    # No traffic is no failure: a bot that nobody uses has no data.
    assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("name", resources("AWS::CloudWatch::Alarm"))
def test_an_expression_uses_all_of_its_metrics_and_treats_gaps_as_nothing(name: str) -> None:
    parts = resources("AWS::CloudWatch::Alarm")[name].get("Metrics", [])
    assert len(parts) <= 10
    ids = {one["Id"] for one in parts if "MetricStat" in one}
    for one in parts:
        if "Expression" in one:
            assert set(re.findall(r"FILL\((\w+), 0\)", one["Expression"])) == ids


def test_the_failures_of_every_function_are_watched() -> None:
    """Not Lambda's errors of the authorizer: it refuses strangers by raising one."""
    functions = set(resources("AWS::Lambda::Function"))
    alarms = resources("AWS::CloudWatch::Alarm")
    watched = {
        name: {value["Ref"] for *_, value in alarmed(alarms[name]) if value not in STACK_NAMES}
        for name in ("FunctionErrorsAlarm", "FunctionThrottlesAlarm")
    }
    assert watched["FunctionErrorsAlarm"] == functions - {"AuthorizerFunction"}
    assert ("Sapa", Metric.FAILURE) in {one[:2] for one in alarmed(alarms["FunctionErrorsAlarm"])}
    assert watched["FunctionThrottlesAlarm"] == functions


def test_every_queue_that_nobody_reads_has_an_alarm() -> None:
    watched = {
        next(references(value))
        for alarm in resources("AWS::CloudWatch::Alarm").values()
        for namespace, *_, value in alarmed(alarm)
        if namespace == "AWS/SQS"
    }
    assert watched == resources("AWS::SQS::Queue").keys()


def test_messages_that_queries_and_remedies_name_are_logged() -> None:
    queries = resources("AWS::Logs::QueryDefinition").values()
    assert all(searched_log_groups(query) for query in queries)
    texts = [query["QueryString"] for query in queries]
    texts += [alarm["AlarmDescription"] for alarm in resources("AWS::CloudWatch::Alarm").values()]
    named = {message for text in texts for message in re.findall(r'message = "([^"]+)"', text)}
    sources = [*(PROJECT / "layers/sapa").rglob("*.py"), *(PROJECT / "functions").rglob("*.py")]
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert {message for message in named if f'"{message}"' not in code} == set()


def test_the_guide_names_every_alarm_metric_and_query_and_counts_what_is_paid_for() -> None:
    guide = (PROJECT / "docs/operations.md").read_text(encoding="utf-8")
    alarms = resources("AWS::CloudWatch::Alarm")
    watched = sum(len(list(alarmed(alarm))) for alarm in alarms.values())
    assert f"{len(own_metrics())} custom metrics at $0.30" in guide
    assert f"{watched} metrics in {len(alarms)} alarms at $0.10" in guide
    for name in (*alarms, *Metric):
        assert f"`{name}`" in guide
    for query in resources("AWS::Logs::QueryDefinition").values():
        assert query["Name"]["Fn::Sub"].partition("/")[2] in guide
