"""What template.yaml shows and reports: the dashboard, the alarms and the saved queries."""

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from sapa.observability import Metric, message_metric
from sapa.web.schemas import ERROR_CODES
from tests.contract.transformed_template import PROJECT, references, resources

# What AWS counts, by namespace and dimension: developer guides "Types of metrics for Lambda
# functions", "Monitor WebSocket API execution with CloudWatch metrics", "Working with metrics for
# HTTP APIs" and "Available CloudWatch metrics for Amazon SQS".
AWS_METRICS = {
    ("AWS/Lambda", "FunctionName"): {"Errors", "Throttles", "Duration"},
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
STACK_NAME = {"Ref": "AWS::StackName"}


def own_metrics() -> set[str]:
    """What `tests/integration/sapa/test_metrics.py` sees the functions emit."""
    return {*Metric, *map(message_metric, ("ok", "pong", "resumed", *ERROR_CODES))}


def assert_exists(namespace: str, name: str, dimension: str, value: Any) -> None:
    """A metric that nobody emits would be a dead line, or an alarm that never rings."""
    if namespace == "Sapa":
        assert (dimension, value) == ("service", STACK_NAME)
        assert name in own_metrics()
        return
    [resource] = references(value)
    assert resource in resources(TYPES[dimension])
    assert name in AWS_METRICS[namespace, resource if dimension == "ApiId" else dimension]


def as_reference(text: str) -> dict[str, str]:
    """A `${Name}` of a substituted text as the reference that it is."""
    return {"Ref": text.removeprefix("${").removesuffix("}").partition(".")[0]}


@cache
def widgets() -> list[dict[str, Any]]:
    [dashboard] = resources("AWS::CloudWatch::Dashboard").values()
    assert dashboard["DashboardName"] == STACK_NAME
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


def test_no_widget_is_empty_or_covers_another() -> None:
    for widget in widgets():
        assert {"metrics", "alarms", "markdown"} & widget["properties"].keys()
        assert widget["x"] + widget["width"] <= 24
    for one, other in combinations(widgets(), 2):
        apart_across = (
            one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        )
        apart_down = (
            one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        )
        assert apart_across or apart_down, (one, other)


def test_times_are_shown_as_percentiles_and_counts_as_sums() -> None:
    for widget in widgets():
        for _, name, *rest in widget["properties"].get("metrics", ()):
            options = rest[-1] if isinstance(rest[-1], dict) else {}
            statistic = options.get("stat", widget["properties"]["stat"])
            if re.search("Time$|Lag$|Duration$", name):
                assert statistic in {"p50", "p95", "Maximum"}
            else:
                assert statistic == ("Maximum" if name.startswith("Approximate") else "Sum")


def test_all_alarms_are_on_the_dashboard() -> None:
    [alarms] = [widget["properties"]["alarms"] for widget in widgets() if widget["type"] == "alarm"]
    assert [as_reference(one)["Ref"] for one in alarms] == list(resources("AWS::CloudWatch::Alarm"))


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
def test_an_alarm_says_what_happens_and_what_to_do_and_tells_somebody(name: str) -> None:
    alarm = resources("AWS::CloudWatch::Alarm")[name]
    assert len(alarm["AlarmDescription"]) <= 1024
    reason, remedy = alarm["AlarmDescription"].split(" Remedy: ")
    assert len(reason) > 60
    assert len(remedy) > 60
    assert "AlarmTopic" in references(alarm["AlarmActions"])
    assert alarm["OKActions"] == alarm["AlarmActions"]
    # Quiet is no failure: a bot that nobody talks to has no data.
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
        name: {value["Ref"] for *_, value in alarmed(alarms[name]) if value != STACK_NAME}
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


def test_saved_queries_search_log_groups_of_the_stack() -> None:
    queries = resources("AWS::Logs::QueryDefinition")
    assert {query["Name"]["Fn::Sub"].partition("/")[2] for query in queries.values()} == {
        "one conversation",
        "one user's day",
        "one channel",
        "slowest business processes",
        "rejected handshakes by reason",
        "cold starts",
    }
    for query in queries.values():
        assert query["LogGroupNames"]
        assert set(references(query["LogGroupNames"])) <= resources("AWS::Logs::LogGroup").keys()


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
