"""The functions behind the APIs under test; what the client sends decides what they do.

Each prints the event it got, so that a test can look at exactly what a handler receives.
"""

import json
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

type Event = dict[str, Any]


def authorize(event: Event, context: object) -> object:
    """Allow or refuse by the query string's `token`."""
    print_event("authorize", event)
    token = event["queryStringParameters"].get("token", "allow")
    if token in {"Unauthorized", "trouble"}:
        raise RuntimeError(token)
    if token == "hang":
        hold(event["queryStringParameters"])
    if token == "shapeless":
        return {"statusCode": 401}
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Deny" if token == "deny" else "Allow",
        "Resource": event["methodArn"],
    }
    return {
        "principalId": "ada",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"level": 3, "isAdmin": True, "team": "blue"},
    }


def connect(event: Event, context: object) -> object:
    """Accept, refuse or fail by the query string's `do`."""
    print_event("connect", event)
    query = event.get("queryStringParameters", {})
    do = query.get("do", "accept")
    if do == "raise":
        raise ValueError("secret details")
    if do == "hold":
        hold(query)
    if do == "forget":
        return None
    headers = {
        "Sec-Websocket-Protocol": query.get("protocol"),
        "Set-Cookie": "session=1",
        "X-Custom": "1",
    }
    return {"statusCode": int(query.get("status", 200)), "headers": headers, "body": "x"}


def disconnect(event: Event, context: object) -> None:
    """Print the event alone."""
    print_event("disconnect", event)


def message(event: Event, context: object) -> object:
    """Answer, fail or wait by the body's `do`."""
    print_event("message", event)
    try:
        body = json.loads(event["body"])
    except ValueError:
        body = {}
    do = body.get("do") if isinstance(body, dict) else None
    if do == "raise":
        raise ValueError("secret details")
    if do == "exit":
        sys.exit(1)
    if do == "hold":
        hold(body)
        print_event("finished", {"label": body["label"]})
    answers: dict[object, object] = {
        "return": body.get("value") if isinstance(body, dict) else None,
        "status": {"statusCode": body.get("status") if isinstance(body, dict) else 0, "body": "no"},
        "large": {"statusCode": 200, "body": "x" * 100_000},
    }
    return answers.get(do, {"statusCode": 200, "body": f"answer to {event['body'][:100]}"})


def http(event: Event, context: object) -> object:
    """Answer a request of an HTTP API by its path."""
    path = event["rawPath"].removeprefix("/v1")
    if path == "/cookies":
        return {
            "statusCode": 201,
            "cookies": ["a=1; HttpOnly", "b=2"],
            "headers": {"X-Custom": "1"},
        }
    if path == "/malformed":
        return {"statusCode": 200, "body": event}
    if path == "/hold":
        hold(event["queryStringParameters"])
    return event


def rest(event: Event, context: object) -> object:
    """Answer a request of a REST API by its path."""
    path = event["path"]
    if path == "/hold":
        hold(event["queryStringParameters"])
    if path == "/raise":
        raise ValueError("secret details")
    if path == "/malformed":
        return {"statusCode": 200, "body": event}
    if path == "/cookies":
        cookies = ["a=1; HttpOnly", "b=2; Secure"]
        return {"statusCode": 201, "multiValueHeaders": {"Set-Cookie": cookies}}
    if path == "/image":
        headers = {"Content-Type": "image/png"}
        return {"statusCode": 200, "headers": headers, "body": "aGk=", "isBase64Encoded": True}
    return {"statusCode": 200, "body": json.dumps(event)}


def rest_authorize(event: Event, context: object) -> object:
    """Allow or refuse by the token."""
    print_event("rest_authorize", event)
    token = event.get("authorizationToken") or event["headers"]["Authorization"]
    if token in {"Unauthorized", "trouble"}:
        raise RuntimeError(token)
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Deny" if token == "deny" else "Allow",
        "Resource": event["methodArn"],
    }
    return {
        "principalId": "ada",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"level": 3},
    }


def http_authorize(event: Event, context: object) -> object:
    """Allow or refuse by the token, in the form that the event's version asks for."""
    print_event("http_authorize", event)
    is_simple = event["version"] == "2.0"
    token = event["identitySource"][0] if is_simple else event["identitySource"]
    if token in {"Unauthorized", "trouble"}:
        raise RuntimeError(token)
    if token == "shapeless":
        return {"statusCode": 401}
    answer = {"level": 3}
    if is_simple:
        return {"isAuthorized": token != "deny", "context": answer}
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Deny" if token == "deny" else "Allow",
        "Resource": event["methodArn"],
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "ada", "policyDocument": document, "context": answer}


def print_event(what: str, content: Event) -> None:
    """Print a line that the tests read."""
    line = {"what": what, "pid": os.getpid(), "content": content}
    print("PRINTED " + json.dumps(line), flush=True)  # noqa: T201 - a function's log is its output


def hold(where: Mapping[str, Any]) -> None:
    """Say `label` to the test at `gate` and wait until it lets go."""
    with socket.create_connection(("127.0.0.1", int(where["gate"]))) as gate:
        gate.sendall(f"{where['label']}\n".encode())
        gate.recv(1)
