"""The events of scheduled rules and of EventBridge Scheduler."""

import json
from datetime import UTC, datetime

from aws_lambda_powertools.utilities.parser.models import EventBridgeModel

from local_gateway.core.event_sources.model import TargetInput
from local_gateway.core.event_sources.scheduled_events import rule_event, schedule_payload

RULE = "arn:aws:events:eu-central-1:123456789012:rule/nightly"
SCHEDULE = "arn:aws:scheduler:eu-central-1:123456789012:schedule/default/nightly"
DUE = datetime(2024, 1, 31, 2, 0, tzinfo=UTC)


def test_event_of_a_scheduled_rule() -> None:
    event = rule_event(RULE, DUE, "e-1")
    assert event == {
        "version": "0",
        "id": "e-1",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2024-01-31T02:00:00Z",
        "region": "eu-central-1",
        "resources": [RULE],
        "detail": {},
    }
    assert EventBridgeModel.model_validate(event).detail_type == "Scheduled Event"


def test_schedule_without_an_input_delivers_an_event_whose_detail_is_text() -> None:
    event = json.loads(schedule_payload(TargetInput(), SCHEDULE, DUE, "e-1"))
    assert (event["source"], event["detail"]) == ("aws.scheduler", "{}")
    assert event["resources"] == [SCHEDULE]


def test_context_attributes_are_filled_in() -> None:
    constant = (
        '{"arn": "<aws.scheduler.schedule-arn>", "at": "<aws.scheduler.scheduled-time>",'
        ' "id": "<aws.scheduler.execution-id>", "n": "<aws.scheduler.attempt-number>"}'
    )
    found = json.loads(schedule_payload(TargetInput(constant=constant), SCHEDULE, DUE, "e-1"))
    assert found == {"arn": SCHEDULE, "at": "2024-01-31T02:00:00Z", "id": "e-1", "n": "1"}
