"""The command line with real processes: recording, replaying, JSON, help, exit statuses."""

import json
import os
import re
import signal
import subprocess
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.client import post_json
from tests.support.programs import LOCAL_GATEWAY, ROOT, Program, run

pytestmark = pytest.mark.local_only

TEMPLATE = ROOT / "tests/templates/greeting/template.yaml"
PASSWORD = "hunter2-hunter2"
QUERY_TOKEN = "token-in-the-query"
REMOTE = ("--lambda-endpoint", "http://127.0.0.1:9")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Recordings of the same traffic with and without secrets, and the JSON output."""

    redacted: Path
    whole: Path
    json_lines: list[dict[str, Any]]


def gateway(*arguments: str | Path) -> CompletedProcess[str]:
    """Run `local_gateway` to its end."""
    return run(*LOCAL_GATEWAY, *arguments)


def talk(urls: Iterable[str]) -> None:
    """Log in, open a socket, be greeted twice, ask to be disconnected."""
    socket_url = next(url for url in urls if url.startswith("ws"))
    page_url = next(url for url in urls if url.startswith("http"))
    answer = post_json(f"{page_url}login", {"user": "ann", "password": PASSWORD})
    assert answer.status == 200
    with connect(f"{socket_url}?token={QUERY_TOKEN}", compression=None) as socket:
        for body in ('{"message":"Hai!"}', "kein JSON"):
            socket.send(body)
            assert json.loads(socket.recv(timeout=30))["greeting"] == "Halo"
        socket.send('{"action":"leave"}')
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=30)


def record(file: Path, *options: str) -> list[dict[str, Any]]:
    """The JSON lines that a gateway has printed while `talk` was recorded."""
    without_stderr = ("sh", "-c", 'exec "$@" 2>/dev/null', "sh")  # which may hold anything
    recording = ("--template", str(TEMPLATE), "--port", "0", "--record", str(file), "--json")
    with Program(*without_stderr, *LOCAL_GATEWAY, *recording, *options) as program:
        talk(json.loads(program.wait_for('"type": "ready"').string)["urls"])
        program.wait_for('"function": "LeaveFunction".*"duration_ms": [0-9]')
        assert program.stop() == 0
        return [json.loads(line) for line in program.output.splitlines()]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    directory = tmp_path_factory.mktemp("recorded")
    redacted, whole = directory / "redacted.jsonl", directory / "whole.jsonl"
    json_lines = record(redacted, "--on-ready", "echo from the hook")
    record(whole, "--record-secrets")
    return Recorded(redacted=redacted, whole=whole, json_lines=json_lines)


def test_recording_holds_events_and_posts_but_no_secrets(recorded: Recorded) -> None:
    text = recorded.redacted.read_text()
    header, *lines = (json.loads(line) for line in text.splitlines())
    assert header == {"type": "recording", "version": 1, "redacted": True}
    invoked = [line["function"] for line in lines if line["type"] == "invocation"]
    assert sorted(invoked) == [
        "ConnectFunction",
        "GreetFunction",
        "GreetFunction",
        "LeaveFunction",
        "LoginFunction",
    ]
    calls = [
        (line["method"], line["status"], line["data"])
        for line in lines
        if line["type"] == "management"
    ]
    greeting = '{"greeting":"Halo","token":"__redacted__"}'
    assert calls == [
        ("POST", 200, greeting),
        ("POST", 200, greeting),
        ("DELETE", 204, None),
        ("POST", 410, None),
    ]
    assert PASSWORD not in text
    assert QUERY_TOKEN not in text


def test_recording_with_secrets_holds_them(recorded: Recorded) -> None:
    text = recorded.whole.read_text()
    assert PASSWORD in text
    assert QUERY_TOKEN in text


def test_json_output_has_every_kind_of_line(recorded: Recorded) -> None:
    kinds = [line["type"] for line in recorded.json_lines]
    assert kinds.count("ready") == 1
    assert set(kinds) <= {"info", "warning", "ready", "event", "log"}
    logged = [line for line in recorded.json_lines if line["type"] == "log"]
    assert {"greeting somebody"} == {line["line"] for line in logged if line["stream"] == "stdout"}
    assert {line["function"] for line in logged if line["request_id"]} >= {"GreetFunction"}
    (leave,) = (
        line
        for line in recorded.json_lines
        if line.get("function") == "LeaveFunction" and "api" in line
    )
    assert leave.keys() == {
        *("type", "time", "api", "route_key", "outcome", "connection_id", "function"),
        *("duration_ms", "cold", "detail", "problem", "integration"),
    }
    assert (leave["route_key"], leave["outcome"], leave["problem"]) == ("leave", "ok", False)


def test_replay_of_unchanged_code_finds_no_change(recorded: Recorded) -> None:
    replayed = gateway("replay", recorded.redacted, "--template", TEMPLATE)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    *events, summary = replayed.stdout.splitlines()
    assert [line.split()[1] for line in events] == ["same"] * 5
    assert summary == "5 events: 5 same, 0 changed, 0 not compared"


def test_replay_of_changed_code_shows_what_changed(recorded: Recorded) -> None:
    changed = ["--parameter-overrides", "Greeting=Hello"]
    replayed = gateway("replay", recorded.redacted, "--template", TEMPLATE, *changed)
    assert replayed.returncode == 1, replayed.stdout + replayed.stderr
    assert len(re.findall(r'\[0\]\.data\.greeting: "Halo" → "Hello"', replayed.stdout)) == 2
    assert "5 events: 3 same, 2 changed, 0 not compared" in replayed.stdout


def test_replay_for_machines(recorded: Recorded) -> None:
    options = ["--json", "--on-ready", "echo from the hook"]
    replayed = gateway("replay", recorded.whole, "--template", TEMPLATE, *options)
    *events, summary = (json.loads(line) for line in replayed.stdout.splitlines())
    # The cookie and the posted tokens are new in every run, and nothing hides them here.
    assert replayed.returncode == 1
    assert summary == {
        "type": "summary",
        "same": 2,
        "changed": 3,
        "not_compared": 0,
        "redacted_recording": False,
    }
    assert [event["outcome"] for event in events].count("changed") == 3
    assert "from the hook" in replayed.stderr


def test_event_is_printed_as_the_function_got_it(recorded: Recorded) -> None:
    printed = gateway("event", recorded.redacted, "--function", "GreetFunction", "--index", "1")
    assert printed.returncode == 0
    assert json.loads(printed.stdout)["body"] == "kein JSON"
    assert printed.stderr == ""
    chosen = ["--function", "ConnectFunction", "--route", "$connect"]
    of_route = gateway("event", recorded.redacted, *chosen)
    assert json.loads(of_route.stdout)["queryStringParameters"] == {"token": "__redacted__"}
    assert "recorded without its secrets" in of_route.stderr
    missing = gateway("event", recorded.redacted, "--function", "Missing")
    assert missing.returncode == 2
    assert "GreetFunction" in missing.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "problem"),
    [
        (["replay", "missing.jsonl"], 2, "missing.jsonl: No such file"),
        (["replay", "README.md"], 2, "README.md:1: expected a JSON object"),
        (["event", "missing.jsonl", "--function", "F"], 2, "missing.jsonl: No such file"),
        (["--record", "missing/x.jsonl", "--port", "0"], 1, "recording missing/x.jsonl"),
        ([*REMOTE, "--sam-local", "none"], 1, "run `sam build --build-dir none` first"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], status: int, problem: str) -> None:
    ended = gateway(*arguments)
    assert ended.returncode == status
    (line,) = (line for line in ended.stderr.splitlines() if line)
    assert line.startswith("local gateway: ")
    assert problem in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "http"],
        ["--parameter-overrides", "x"],
        ["--record-secrets"],
        [*REMOTE, "--bridge", "127.0.0.2"],
        ["--lambda-endpoint", "127.0.0.1:3001"],
        ["--lambda-endpoint", "ftp://127.0.0.1"],
        ["--lambda-endpoint", "http://h/path"],
        ["--lambda-endpoint", "http://h:99999"],
        ["check", "--port", "1"],
        ["replay"],
        ["event", "x.jsonl", "--function", "F", "--index", "one"],
    ],
)
def test_arguments_that_make_no_sense_are_status_2(arguments: list[str]) -> None:
    ended = gateway(*arguments)
    assert ended.returncode == 2
    assert "usage:" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (["check", "--help"], ["exit status", "--leave-out", "--json", "approximated"]),
        (["--help"], ["check ", "replay FILE", "event FILE", "--record ", "--json", "exit status"]),
        (["replay", "--help"], ["exit status", "--template", "Calls of"]),
        (["event", "--help"], ["exit status", "--route", "sam local invoke"]),
    ],
)
def test_help_names_commands_and_exit_statuses(arguments: list[str], texts: list[str]) -> None:
    ended = gateway(*arguments)
    assert ended.returncode == 0
    for text in texts:
        assert text in ended.stdout


def test_ctrl_c_during_a_long_start_is_heeded_at_once(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    os.mkfifo(template)  # a reader would wait for an end that never comes
    process = subprocess.Popen(
        [*LOCAL_GATEWAY, "--template", str(template), "--port", "0"], cwd=ROOT
    )
    with template.open("w"):
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_killed_aws_services_are_reported() -> None:
    options = ("--template", str(TEMPLATE), "--port", "0")
    with Program(*LOCAL_GATEWAY, *options) as program:
        program.wait_for("Ready: ")
        children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
        (moto,) = [
            int(child)
            for child in children
            if "moto_process" in Path(f"/proc/{child}/cmdline").read_text()
        ]
        os.kill(moto, signal.SIGKILL)
        program.wait_for("warning: the AWS services of this run .moto. have ended")


SEVERAL_PROBLEMS = """\
Resources:
  Database: {Type: AWS::RDS::DBInstance}
  Fun:
    Type: AWS::Lambda::Function
    Properties: {Code: ., Handler: missing.handler, Runtime: python3.13}
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: soon}}
"""


def test_a_template_with_several_problems_lists_them_all(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(SEVERAL_PROBLEMS)
    result = gateway("--template", template, "--port", "0")
    first, *problems, last = result.stderr.splitlines()
    assert (result.returncode, first) == (1, "local gateway: the template has 2 problems:")
    assert [line.replace(str(template), "").strip().split("; ")[0] for line in problems] == [
        ":5: Fun: Handler: the handler missing.handler needs missing.py, which is not in "
        f"{tmp_path}",
        ":6: Queue: VisibilityTimeout: expected a whole number from 0 to 43200, not 'soon'",
    ]
    assert last == "To serve the rest: --leave-out Fun --leave-out Queue"


def test_check_prints_a_table_or_json_and_starts_nothing(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(SEVERAL_PROBLEMS)
    refused = gateway("check", template)
    assert refused.returncode == 1
    assert refused.stdout.splitlines() == [
        f"{template}: cannot be served; 2 refused, 1 left out",
        "",
        "STATUS    LINE  RESOURCE  TYPE",
        "refused   3     Fun       AWS::Lambda::Function",
        "          Handler: the handler missing.handler needs missing.py, which is not in "
        f"{tmp_path}",
        "refused   6     Queue     AWS::SQS::Queue",
        "          VisibilityTimeout: expected a whole number from 0 to 43200, not 'soon'",
        "left out  2     Database  AWS::RDS::DBInstance",
        "          the type AWS::RDS::DBInstance is not served; it is left out",
    ]
    options = ["--leave-out", "Fun", "--leave-out", "Queue", "--leave-out", "Database", "--json"]
    (tmp_path / "app.py").write_text("def handler(event, context): ...\n")
    template.write_text(SEVERAL_PROBLEMS.replace("missing.handler", "app.handler"))
    served = gateway("check", "--template", template, *options[2:])
    assert (served.returncode, served.stderr) == (0, "")
    report = json.loads(served.stdout)
    assert (report["served"], report["functions"], report["apis"]) == (True, ["Fun"], [])
    statuses = {item["logical_id"]: item["status"] for item in report["resources"]}
    assert statuses == {"Database": "left out", "Fun": "served", "Queue": "left out"}


def test_check_of_a_template_that_cannot_be_read_is_status_1(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    text = gateway("check", missing)
    assert (text.returncode, text.stdout) == (1, "")
    assert text.stderr == f"local gateway: {missing}: there is no such file\n"
    report = gateway("check", missing, "--json")
    assert report.returncode == 1
    assert json.loads(report.stdout)["served"] is False
    # What cannot be served at all is refused at the start, too, with all reasons.
    nothing = tmp_path / "template.yaml"
    nothing.write_text("Resources:\n  Graph: {Type: AWS::AppSync::GraphQLApi}\n")
    started = gateway("--template", nothing, "--port", "0")
    assert started.returncode == 1
    assert started.stderr.startswith("local gateway: nothing in the template can be served:\n  ")


WITH_A_PACKAGE = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties: {Code: code, Handler: app.handler, Runtime: python3.13}
"""


def test_a_missing_package_is_installed_for_its_function(tmp_path: Path) -> None:
    name, code = "sapa_test_package", tmp_path / "code"
    code.mkdir()
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(code / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", "VALUE = 7\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    (code / "requirements.txt").write_text(f"--no-index\n--find-links .\n{name}==1.0\n")
    (code / "app.py").write_text(
        f"from {name} import VALUE\nprint('value', VALUE)\ndef handler(event, context): ...\n"
    )
    template = tmp_path / "template.yaml"
    template.write_text(WITH_A_PACKAGE)
    with Program(*LOCAL_GATEWAY, "--template", template, "--port", "0") as program:
        program.wait_for("value 7")
        program.wait_for("Ready")
        assert f"Installing {name} for Fun" in program.output
