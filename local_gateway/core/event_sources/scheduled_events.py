"""The events of scheduled rules and of EventBridge Scheduler.

Source: EventBridge user guide, "Scheduled events" (eb-events-structure and the tutorial
eb-run-lambda-schedule); EventBridge Scheduler user guide, "Adding context attributes"
(managing-schedule-context-attributes).
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from local_gateway.core.event_sources.model import TargetInput


def rule_event(
    arn: str, due: datetime, event_id: str, *, source: str = "aws.events"
) -> dict[str, Any]:
    """The event of a scheduled rule that is due at `due` (UTC)."""
    _, _, _, region, account, _ = arn.split(":", 5)
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "Scheduled Event",
        "source": source,
        "account": account,
        "time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": [arn],
        "detail": {},
    }


def schedule_payload(target: TargetInput, arn: str, due: datetime, event_id: str) -> str:
    """The payload of EventBridge Scheduler: the target's input with the context filled in, or else
    an event whose detail is the text `{}`.
    """
    if target.constant is None:
        event = rule_event(arn, due, event_id, source="aws.scheduler") | {"detail": "{}"}
        return json.dumps(event, separators=(",", ":"))
    context: Mapping[str, str] = {
        "schedule-arn": arn,
        "scheduled-time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "execution-id": event_id,
        "attempt-number": "1",
    }
    text = target.constant
    for name, value in context.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text
