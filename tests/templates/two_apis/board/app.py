from typing import Any

from greetings import greet  # type: ignore[import-not-found]


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"statusCode": 200, "body": greet(event["requestContext"]["routeKey"])}
