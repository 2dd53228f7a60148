"""A function that imports nothing."""

from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer what was said."""
    return {"statusCode": 200, "body": event["body"]}
