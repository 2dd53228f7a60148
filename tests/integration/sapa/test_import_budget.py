"""What each function loads until its first invocation is over: the larger part of a cold start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.sapa.faulty_api import answered, faulty_api
from tests.integration.sapa.stack import REGION, recorded

ROOT = Path(__file__).parents[3]
# Of the standard library, what takes long to load or pulls in what does.
HEAVY = {
    "asyncio",
    "concurrent",
    "email",
    "http.client",
    "http.cookies",
    "multiprocessing",
    "ssl",
    "tempfile",
    "unittest",
    "urllib.request",
    "xml",
    "zoneinfo",
}
# Powertools' logger and what it needs. Of botocore, where there is one, Powertools
# loads the bare package to leave its name in the user agent.
POWERTOOLS = {"aws_lambda_powertools", "jmespath", "typing_extensions", "botocore"}
OWN = {"sapa", "functions"}
BUDGETS: dict[str, set[str]] = {
    # The core alone: its models are for documents.
    "api": {*OWN, *POWERTOOLS, "pydantic_core"},
    "authorizer": {*OWN, *POWERTOOLS},
    "connect": {*OWN, *POWERTOOLS},
    "disconnect": {*OWN, *POWERTOOLS},
    # The core alone: its models are for inputs that need them.
    "default": {*OWN, *POWERTOOLS, "pydantic_core"},
    "publish": {*OWN, *POWERTOOLS},
    # Powertools' batch processor can also be asynchronous.
    "fan_out": {*OWN, *POWERTOOLS, "concurrent", "asyncio", "ssl", "tempfile"},
}
# What must not be there although a budget names the package.
WHOLE_BOTOCORE = {"botocore.session", "botocore.client", "boto3"}
EVENTS = {"api": "api_page", "publish": "publish_eventbridge"}
# These call AWS only when there is something to do.
SILENT = {"api", "fan_out"}
PROGRAM = """
import importlib, json, sys, types
name, event, heavy = json.load(sys.stdin)
before = set(sys.modules)
handler = importlib.import_module(f"functions.{name}.app").lambda_handler
context = types.SimpleNamespace(
    function_name=name, aws_request_id="r1", get_remaining_time_in_millis=lambda: 20_000
)
handler(event, context)
new = set(sys.modules) - before
others = {module.partition(".")[0] for module in new} - set(sys.stdlib_module_names)
others = {name for name in others if not name.startswith("_")}
print(json.dumps(sorted(others | new & set(heavy))), file=sys.stderr)
"""


def loaded(function: str, url: str) -> set[str]:
    """The top-level modules of others, and the heavy ones of Python, after one invocation."""
    names = ("CHANNELS", "CONNECTIONS", "MESSAGES", "PRESENCE", "SESSIONS", "SESSION_CHANNELS")
    tables = {f"{name}_TABLE_NAME": name.lower() for name in (*names, "SUBSCRIPTIONS", "STATE")}
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={
            **tables,
            "PYTHONPATH": f"{ROOT / 'layers/sapa'}:{ROOT}",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ENDPOINT_URL": url,
            "MANAGEMENT_API_ENDPOINT": f"{url}/ws",
            "CONNECTIONS_USERNAME_INDEX_NAME": "by-username",
            "FAN_OUT_QUEUE_URL": "https://queue.example/1/q",
        },
        input=json.dumps(
            [function, recorded(EVENTS.get(function, function)), sorted(HEAVY | WHOLE_BOTOCORE)]
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    return set(json.loads(finished.stderr.splitlines()[-1]))


# What DynamoDB says of an update: a channel's number, or the connection that parts.
UPDATED = {
    "sequence": {"N": "1"},
    "connection_id": {"S": "c1"},
    "username": {"S": "demo"},
    "endpoint": {"S": "reply"},
    "session_id": {"S": "s1"},
    "connected_at": {"N": "1"},
    "expires_at": {"N": "2"},
}


@pytest.mark.parametrize("function", BUDGETS)
def test_function_loads_what_it_needs_and_nothing_else(function: str) -> None:
    with faulty_api() as api:
        updated = answered(200, json.dumps({"Items": [], "Attributes": UPDATED}))
        api.answers.update({"Query": [updated], "UpdateItem": [updated]})
        assert loaded(function, api.root) <= BUDGETS[function]
        assert function in SILENT or api.posted
