"""Lets everybody in who has a cookie."""

from typing import Any


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, object]:
    """Answer with a policy."""
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow",
        "Resource": event["methodArn"],
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "user", "policyDocument": document}
