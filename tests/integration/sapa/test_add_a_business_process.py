"""Adding a business process takes one file and one line, exactly as the how-to shows them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sapa.stack import REGION, management_api, recorded

ROOT = Path(__file__).parents[3]
HOW_TO = (ROOT / "docs/how-to/add-a-business-process.md").read_text()
REGISTRY = Path("layers/sapa/sapa/processes/endpoints.py")
INVOKE = """
import importlib, json, sys
from tests.integration.sapa.stack import lambda_context
module, event = json.load(sys.stdin)
result = importlib.import_module(module).lambda_handler(event, lambda_context())
sys.stderr.write(json.dumps(result))
"""


def python_blocks() -> list[str]:
    """The code that the how-to tells to write."""
    return re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The deployed code with the how-to's file and line added."""
    for folder in ("layers/sapa", "functions", "tests/integration/sapa"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    file, line, *_ = python_blocks()
    (tmp_path / "layers/sapa/sapa/processes/count.py").write_text(file)
    registry = (tmp_path / REGISTRY).read_text()
    last = re.findall(r'^ +"\w+": "sapa\.processes\.\w+:\w+",\n', registry, re.MULTILINE)[-1]
    (tmp_path / REGISTRY).write_text(registry.replace(last, last + line))
    return tmp_path


def invoke(copy: Path, function: str, event: dict[str, Any], **environment: str) -> Any:
    """Run a handler of the copy in a process of its own."""
    path = os.pathsep.join([str(copy / "layers/sapa"), str(copy)])
    finished = subprocess.run(
        [sys.executable, "-c", INVOKE],
        input=json.dumps([f"functions.{function}.app", event]),
        env={
            "PYTHONPATH": path,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": REGION,
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stderr)


def message(body: object) -> dict[str, Any]:
    """A message to the new endpoint."""
    event = recorded("default")
    event["requestContext"]["authorizer"]["endpoint"] = "count"
    event["body"] = json.dumps(body)
    return event


def test_new_endpoint_answers_as_the_how_to_says(copy: Path) -> None:
    shown = re.findall(r"^> (.+)\n< (.+)$", HOW_TO, re.MULTILINE)
    assert len(shown) == 2
    with management_api([]) as api:
        for sent, _ in shown:
            event = message(json.loads(sent))
            invoke(copy, "default", event, MANAGEMENT_API_ENDPOINT=api.url)
    assert [frame for _, frame in api.posted] == [json.loads(answer) for _, answer in shown]


def test_new_endpoint_is_documented(copy: Path) -> None:
    result = invoke(copy, "api", recorded("api_asyncapi"))
    channel = json.loads(result["body"])["channels"]["count"]
    assert channel["description"] == "Count how often each word occurs."
    payload = channel["messages"]["input"]["payload"]
    assert payload["properties"].keys() >= {"$id", "$once"}
    inputs = {key: value for key, value in payload["properties"].items() if key[0] != "$"}
    assert inputs == {
        "text": {"title": "Text", "type": "string"},
        "ignore_case": {"default": True, "title": "Ignore Case", "type": "boolean"},
    }
    openapi = json.loads(invoke(copy, "api", recorded("api_openapi"))["body"])
    endpoint = openapi["paths"]["/ws"]["get"]["parameters"][0]["schema"]
    assert "count" in endpoint["enum"]


def test_process_that_does_not_import_spoils_no_other(copy: Path) -> None:
    (copy / "layers/sapa/sapa/processes/reply.py").write_text("def reply(:\n")
    with management_api([]) as api:
        event = message({"text": "a b a"})
        invoke(copy, "default", event, MANAGEMENT_API_ENDPOINT=api.url)
        event["requestContext"]["authorizer"]["endpoint"] = "reply"
        invoke(copy, "default", event, MANAGEMENT_API_ENDPOINT=api.url)
    (_, counted), (_, failed) = api.posted
    assert "error" not in counted
    assert failed["error"]["code"] == "process_failed"
    for document in ("api_asyncapi", "api_openapi", "api_swagger"):
        assert invoke(copy, "api", recorded(document))["statusCode"] == 200
    channels = json.loads(invoke(copy, "api", recorded("api_asyncapi"))["body"])["channels"]
    assert "count" in channels
    assert "reply" not in channels


def test_rest_of_the_how_to_runs_too(copy: Path) -> None:
    *_, whoami, test = python_blocks()
    program = (
        f"{whoami}\n{test}\ntest_words_are_counted()\n"
        "from sapa.lambda_events import ConnectionEvent\n"
        "from sapa.services import services\n"
        "event = ConnectionEvent(username='a', connection_id='b', endpoint='c', request_id='d', "
        "connected_at=1, request_time=1, session_id='e')\n"
        "print(whoami(Context(event, services())))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(copy / "layers/sapa")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert finished.stdout == "You are a on c.\n"
