"""Writes `answers.json` and `api_events.json`: what SAM CLI answers, with its containers.

Run it with Docker's engine, after a new version of SAM CLI or of the image:

    .venv/bin/python -m tests.support.sam_local.capture_answers
"""

import http.client
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.programs import ROOT, free_port

HERE = Path(__file__).parent
SAM = ROOT / ".venv-sam/bin/sam"
SECONDS = 120.0
# They differ at each call, and say nothing of the answer.
OMITTED_HEADERS = {"date", "server", "connection"}

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, Handler: app.handler, Timeout: 3, Architectures: [%s]}
Resources:
  Works:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: works
      Events:
        Any: {Type: HttpApi, Properties: {Path: "/{proxy+}", Method: ANY}}
  Syntax: {Type: AWS::Serverless::Function, Properties: {CodeUri: syntax}}
  Importing: {Type: AWS::Serverless::Function, Properties: {CodeUri: importing}}
  Exiting: {Type: AWS::Serverless::Function, Properties: {CodeUri: exiting}}
  Raising: {Type: AWS::Serverless::Function, Properties: {CodeUri: raising}}
  NoHandler: {Type: AWS::Serverless::Function, Properties: {CodeUri: works, Handler: app.nothing}}
  NoCode: {Type: AWS::Serverless::Function, Properties: {CodeUri: nothing}}
  Inline:
    Type: AWS::Serverless::Function
    Properties: {InlineCode: "def handler(event, context): ...", Handler: index.handler}
"""
CODE = {
    "works": """\
import json, os, sys, time
class Silent(Exception): ...
def handler(event, context):
    match event.get("do"):
        case None: return {"statusCode": 200, "body": json.dumps(event)}
        case "return": return event["value"]
        case "raise": raise KeyError("x")
        case "raise without a text": raise Silent
        case "raise quotes": raise ValueError('a "quoted" ü\\nsecond line')
        case "unserializable": return {1, 2}
        case "sleep": time.sleep(60)
        case "exit": os._exit(1)
        case "exit 0": os._exit(0)
        case "sys.exit": sys.exit(3)
        case "kill": os.kill(os.getpid(), 9)
        case "large": return "x" * 6_300_000
        case "print": print("a line"); return 1
""",
    "syntax": "def handler(event, context) return 1\n",
    "importing": "import nothing_of_that_name\n",
    "exiting": "import sys\nsys.exit(4)\n",
    "raising": 'raise ValueError("at import")\n',
}
ERROR = {"errorMessage": "m", "errorType": "T"}
VALUES: dict[str, Any] = {
    "object": {"statusCode": 200, "body": "é"},
    "none": None,
    "string": "text",
    "list": [1, "a"],
    "empty string": "",
    "number": 1.5,
    "false": False,
    "empty object": {},
    "like an error, two keys": ERROR,
    "like an error, three keys": {**ERROR, "stackTrace": []},
    "like an error, another key": {**ERROR, "mine": 1},
    "like an error, four keys": {**ERROR, "requestId": "mine", "stackTrace": []},
    "like an error, with a status": {**ERROR, "statusCode": 200, "body": ""},
    "message of an error alone": {"errorMessage": "m"},
    "like a timeout": "Task timed out after 3.00 seconds",
}
ACTIONS = (
    "raise",
    "raise without a text",
    "raise quotes",
    "unserializable",
    "print",
    "large",
    "sleep",
    "exit",
    "exit 0",
    "sys.exit",
    "kill",
)
FAILING = (
    "Syntax",
    "Importing",
    "Exiting",
    "Raising",
    "NoHandler",
    "NoCode",
    "Inline",
    "Missing",
)
API_REQUESTS: dict[str, tuple[str, str, dict[str, str], str]] = {
    "without cookies": ("GET", "/auth/session", {}, ""),
    "cookie": ("GET", "/auth/session", {"Cookie": "gen_app_auth_token=A"}, ""),
    "cookies": ("GET", "/auth/session", {"Cookie": 'gen_app_auth_token=A; theme="dark"'}, ""),
    "cookie twice": (
        "GET",
        "/auth/session",
        {"Cookie": "gen_app_auth_token=A; gen_app_auth_token=A"},
        "",
    ),
    "two cookies": (
        "GET",
        "/auth/session",
        {"Cookie": "gen_app_auth_token=A; gen_app_auth_token=B"},
        "",
    ),
    "login": ("POST", "/auth/login", {"Content-Type": "application/json"}, '{"username": "é"}'),
    "query": ("GET", "/ws?endpoint=reply&endpoint=chat", {}, ""),
}


def main() -> None:
    """Run both commands of SAM in a directory of their own, and write the files."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        is_arm = platform.machine() in {"aarch64", "arm64"}
        architecture = "arm64" if is_arm else "x86_64"
        (directory / "template.yaml").write_text(TEMPLATE % architecture)
        for folder, text in CODE.items():
            (directory / folder).mkdir()
            (directory / folder / "app.py").write_text(text)
        with sam(directory, "start-lambda") as port:
            write("answers.json", dict(answers(port)))
        with sam(directory, "start-api") as port:
            write("api_events.json", dict(api_events(port)))


def write(name: str, content: object) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False)
    (HERE / name).write_text(f"{text}\n", encoding="utf-8")


@contextmanager
def sam(directory: Path, command: str) -> Iterator[int]:
    """A command of `sam local` while it serves at the port."""
    port = free_port()
    options = ["--warm-containers", "LAZY", "--port", str(port)]
    environment = {
        **os.environ,
        "SAM_CLI_TELEMETRY": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }
    arguments = [str(SAM), "local", command, *options]
    with (directory / "sam.log").open("w") as log:
        process = subprocess.Popen(arguments, cwd=directory, env=environment, stderr=log)
        try:
            while process.poll() is None and "Running on" not in Path(log.name).read_text():
                time.sleep(0.2)
            yield port
        finally:
            process.terminate()
            process.wait()


def answers(port: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The answers of `start-lambda`, by what the function does."""
    for name, value in VALUES.items():
        yield f"return {name}", invoke(port, "Works", {"do": "return", "value": value})
    for action in ACTIONS:
        yield action, invoke(port, "Works", {"do": action})
    for function in FAILING:
        yield function, invoke(port, function, {})
    yield "not JSON", request(port, "POST", path_of("Works"), {}, "{")
    yield "another path", request(port, "GET", "/", {}, "")


def path_of(function: str) -> str:
    return f"/2015-03-31/functions/{function}/invocations"


def invoke(port: int, function: str, event: object) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    return request(port, "POST", path_of(function), headers, json.dumps(event))


def request(
    port: int, method: str, path: str, headers: dict[str, str], body: str
) -> dict[str, Any]:
    """Status, headers and body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request(method, path, body.encode(), headers)
    answer = connection.getresponse()
    return {
        "status": answer.status,
        "headers": {
            name: value
            for name, value in answer.getheaders()
            if name.lower() not in OMITTED_HEADERS
        },
        "body": answer.read().decode(),
    }


def api_events(port: int) -> Iterator[tuple[str, Any]]:
    """The events that `start-api` makes of requests."""
    for name, (method, path, headers, body) in API_REQUESTS.items():
        yield name, json.loads(request(port, method, path, headers, body)["body"])


if __name__ == "__main__":
    main()
