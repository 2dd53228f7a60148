"""Functions call functions: a job is priced, acknowledged and done, over real sockets."""

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from websockets.sync.client import connect

from tests.support.programs import ROOT, GatewayProgram, run

pytestmark = pytest.mark.local_only

TEMPLATE = ROOT / "tests/templates/acks/template.yaml"


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayProgram]:
    """The local gateway on the template, ready."""
    with GatewayProgram(TEMPLATE) as program:
        program.wait_for("^Ready")
        yield program


def client(gateway: GatewayProgram, service: str) -> Any:
    """A client of a service behind the gateway."""
    endpoint = gateway.wait_for(r"AWS services for this run: (\S+)")[1]
    session = boto3.Session("local", "local", region_name="us-east-1")
    return session.client(service, endpoint_url=endpoint)  # type: ignore[call-overload]


def test_job_is_priced_acknowledged_and_done(gateway: GatewayProgram) -> None:
    url = gateway.wait_for(r"^Ready: ([^\s,]+)")[1]
    with connect(url, proxy=None) as socket:
        socket.send('{"action": "job", "item": "tea"}')
        answers = [json.loads(socket.recv(timeout=20)) for _ in range(2)]
        assert {"accepted": "tea", "price": 3} in answers
        assert {"done": "tea"} in answers
    gateway.wait_for(r"  by JobFunction ok .* PricesFunction")
    gateway.wait_for(r"  of WorkerFunction ok .* ReportFunction")
    gateway.wait_for(r"ReportFunction \| .*Success: done")


def test_error_of_a_function_reaches_the_function_that_called_it(gateway: GatewayProgram) -> None:
    url = gateway.wait_for(r"^Ready: ([^\s,]+)")[1]
    with connect(url, proxy=None) as socket:
        socket.send('{"action": "job", "item": "nothing"}')
        error = json.loads(socket.recv(timeout=20))
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'nothing'")
    assert "in price" in error["stackTrace"][0]


def test_client_invokes_with_log_tail_and_qualifier(gateway: GatewayProgram) -> None:
    answer = client(gateway, "lambda").invoke(
        FunctionName="local-PricesFunction:live", Payload='{"item": "tea"}', LogType="Tail"
    )
    assert json.load(answer["Payload"]) == 3
    assert answer["ExecutedVersion"] == "1"
    assert base64.b64decode(answer["LogResult"]).startswith(b"START RequestId: ")


def test_failed_event_goes_to_its_destination(gateway: GatewayProgram) -> None:
    functions = client(gateway, "lambda")
    order = {"item": "cake", "endpoint": "", "connection": ""}
    answer = functions.invoke(
        FunctionName="local-WorkerFunction", InvocationType="Event", Payload=json.dumps(order)
    )
    assert answer["StatusCode"] == 202
    sqs = client(gateway, "sqs")
    url = sqs.get_queue_url(QueueName="local-FailedJobsQueue")["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert record["requestPayload"] == order
    assert record["responsePayload"]["errorMessage"] == "no cake left"


def test_circle_of_functions_ends_with_one_line(gateway: GatewayProgram) -> None:
    client(gateway, "lambda").invoke(FunctionName="local-CircleFunction", InvocationType="Event")
    gateway.wait_for(r"! by CircleFunction failed \(recursive loop: CircleFunction was invoked 16 ")
    assert gateway.output.count("recursive loop") == 1


def test_unknown_function_is_not_found(gateway: GatewayProgram) -> None:
    functions = client(gateway, "lambda")
    with pytest.raises(ClientError) as raised:
        functions.invoke(FunctionName="nobody")
    assert raised.value.response["Error"]["Code"] == "ResourceNotFoundException"
    gateway.wait_for(r"! by a client .*Function not found.*the functions are: local-JobFunction, ")


def test_functions_are_described_as_the_template_has_them(gateway: GatewayProgram) -> None:
    functions = client(gateway, "lambda")
    names = {item["FunctionName"] for item in functions.list_functions()["Functions"]}
    assert {"local-JobFunction", "local-PricesFunction"} <= names
    found = functions.get_function(FunctionName="local-JobFunction")["Configuration"]
    assert found["Handler"] == "jobs.take"
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function_configuration(FunctionName="nobody")


def test_recording_is_replayed_with_the_calls_between_functions(tmp_path: Path) -> None:
    file = tmp_path / "jobs.jsonl"
    with GatewayProgram(TEMPLATE, "--record", file) as program:
        url = program.wait_for(r"^Ready: ([^\s,]+)")[1]
        with connect(url, proxy=None) as socket:
            socket.send('{"action": "job", "item": "tea"}')
            for _ in range(2):
                socket.recv(timeout=20)
        program.wait_for(r"  of WorkerFunction ok .* ReportFunction")
    command = [sys.executable, "-m", "local_gateway", "replay", file, "--template", TEMPLATE]
    replayed = run(*map(str, command))
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert "JobFunction" in replayed.stdout
