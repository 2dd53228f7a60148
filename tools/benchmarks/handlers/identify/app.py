"""Answers with the connection id, as the body of a two-way route."""

from typing import Any


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer with the id alone."""
    return {"statusCode": 200, "body": event["requestContext"]["connectionId"]}
