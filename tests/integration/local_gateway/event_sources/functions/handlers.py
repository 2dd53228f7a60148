"""Functions that event sources invoke: they print what they get, for the tests to read."""

import json
import sys
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

processor = BatchProcessor(event_type=EventType.SQS)
seen: dict[str, int] = {}


def tell(event: Any) -> None:
    """Print an event as one line."""
    sys.stdout.write(f"PRINTED {json.dumps(event)}\n")


def take(event: dict[str, Any], context: object) -> None:
    """Do everything."""
    tell(event)


def fail(event: dict[str, Any], context: object) -> None:
    """Do nothing."""
    tell(event)
    raise ValueError("this never works")


def fail_first(event: dict[str, Any], context: object) -> None:
    """Fail the first time that something comes."""
    tell(event)
    what = str(event.get("detail") or event["Records"][0]["body"])
    seen[what] = seen.get(what, 0) + 1
    if seen[what] == 1:
        raise ValueError("not yet")


def take_some(event: dict[str, Any], context: Any) -> Any:
    """Fail for the bodies that begin with `bad`, as Powertools reports it."""
    tell(event)
    return process_partial_response(
        event=event, record_handler=_take_one, processor=processor, context=context
    )


def _take_one(record: SQSRecord) -> None:
    if record.body.startswith("bad"):
        raise ValueError(record.body)
