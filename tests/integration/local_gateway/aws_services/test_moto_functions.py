"""What invokes a function in moto's process reaches the gateway, and nothing else does."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import S3Model, SnsModel
from botocore.exceptions import ClientError

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer

SECONDS = 20
TRACE = "X-Amzn-Trace-Id"


@dataclass
class Call:
    """A request that a gateway got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Gateway:
    """Stands in for the Lambda API of a gateway: keeps the calls, and answers all alike."""

    calls: "Queue[Call]" = field(default_factory=Queue)
    server: HTTPServer = field(init=False)

    def __post_init__(self) -> None:
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                calls.put(Call(self.command, self.path, headers, body))
                self.send_response(200)
                self.send_header("X-Amz-Executed-Version", "7")
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b'"done"')

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def started() -> Iterator[MotoServer]:
    """A server of its own: the gateway of a server stays."""
    with MotoServer.start() as server:
        yield server


@pytest.fixture
def gateway(started: MotoServer) -> Iterator[Gateway]:
    gateway = Gateway()
    thread = threading.Thread(target=gateway.server.serve_forever)
    thread.start()
    started.lead_invocations_to(gateway.url)
    yield gateway
    gateway.server.shutdown()
    thread.join()
    gateway.server.server_close()


@pytest.fixture
def clients(started: MotoServer) -> MotoClients:
    return MotoClients(started.endpoint_url, "us-east-1")


def invoke(clients: MotoClients, **parameters: Any) -> Any:
    return clients.client("lambda").invoke(**parameters)


def test_call_and_answer_pass_unchanged(clients: MotoClients, gateway: Gateway) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f:live"
    answer = invoke(
        clients, FunctionName=arn, Qualifier="live", Payload=b'{"a": 1}', LogType="Tail"
    )
    assert (answer["ExecutedVersion"], answer["Payload"].read()) == ("7", b'"done"')
    call = gateway.calls.get(timeout=SECONDS)
    name = arn.replace(":", "%3A")
    assert call.method == "POST"
    assert call.path == f"/2015-03-31/functions/{name}/invocations?Qualifier=live"
    assert call.headers["x-amz-log-type"] == "Tail"
    assert call.body == b'{"a": 1}'


def test_object_with_such_a_key_is_no_call(clients: MotoClients, gateway: Gateway) -> None:
    s3 = clients.client("s3")
    s3.create_bucket(Bucket="2015-03-31")
    s3.put_object(Bucket="2015-03-31", Key="functions/f/invocations", Body=b"object")
    answer = s3.get_object(Bucket="2015-03-31", Key="functions/f/invocations")
    assert answer["Body"].read() == b"object"
    assert gateway.calls.empty()


def test_call_after_the_gateway_has_ended_is_an_error_that_says_so() -> None:
    with MotoServer.start() as server:
        gateway = Gateway()
        gateway.server.server_close()
        server.lead_invocations_to(gateway.url)
        with pytest.raises(ClientError, match="the functions, has ended"):
            invoke(MotoClients(server.endpoint_url, "us-east-1"), FunctionName="f")


def test_call_before_there_is_a_gateway_is_an_error_that_says_so(moto: MotoServer) -> None:
    with pytest.raises(ClientError, match="the functions of the template are not ready yet"):
        invoke(MotoClients(moto.endpoint_url, "us-east-1"), FunctionName="f")


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def event_of(gateway: Gateway) -> tuple[Call, dict[str, Any]]:
    """The next event that reaches the gateway, and its call."""
    call = gateway.calls.get(timeout=SECONDS)
    assert "function%3Af/invocations" in call.path
    assert call.headers["x-amz-invocation-type"] == "Event"
    return call, json.loads(call.body)


def test_topic_invokes_a_function_with_what_its_filter_lets_through(
    clients: MotoClients, gateway: Gateway
) -> None:
    sns = clients.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    policy = json.dumps({"kind": ["loud"]})
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=FUNCTION,
        Attributes={"FilterPolicy": policy},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    quiet = {"kind": {"DataType": "String", "StringValue": "quiet"}}
    sns.publish(TopicArn=topic, Message="sh", MessageAttributes=quiet)
    attributes: dict[str, Any] = {
        "kind": {"DataType": "String", "StringValue": "loud"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\xff"},
    }
    sent = sns.publish(TopicArn=topic, Message="hear", Subject="all", MessageAttributes=attributes)
    call, event = event_of(gateway)
    assert call.headers["x-local-gateway-trigger"] == "sns news"
    SnsModel.model_validate(event)
    [record] = event["Records"]
    assert record["EventSubscriptionArn"] == subscription
    message = record["Sns"]
    assert (message["Message"], message["Subject"]) == ("hear", "all")
    assert (message["MessageId"], message["TopicArn"]) == (sent["MessageId"], topic)
    assert message["MessageAttributes"]["kind"] == {"Type": "String", "Value": "loud"}
    assert gateway.calls.empty()


def test_topic_sends_to_web_servers_of_this_machine_alone(
    clients: MotoClients, gateway: Gateway
) -> None:
    sns = clients.client("sns")
    topic = sns.create_topic(Name="pager")["TopicArn"]
    # Nobody answers at the first address, which is reserved for documents.
    for endpoint in ("https://192.0.2.1/alarm", f"{gateway.url}/alarm"):
        sns.subscribe(TopicArn=topic, Protocol=endpoint.split(":")[0], Endpoint=endpoint)
    sns.publish(TopicArn=topic, Message="wake up")
    call = gateway.calls.get(timeout=SECONDS)
    assert call.path == "/alarm"
    assert json.loads(call.body)["Message"] == "wake up"


def test_bucket_invokes_a_function_for_keys_and_events_that_it_names(
    clients: MotoClients, gateway: Gateway
) -> None:
    s3 = clients.client("s3")
    s3.create_bucket(Bucket="photos")
    s3.put_bucket_notification_configuration(
        Bucket="photos",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {
                    "LambdaFunctionArn": FUNCTION,
                    "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".jpg"}]}},
                }
            ]
        },
    )
    s3.put_object(Bucket="photos", Key="a.txt", Body=b"text")
    s3.put_object(Bucket="photos", Key="a b+c.jpg", Body=b"photo")
    call, event = event_of(gateway)
    assert call.headers["x-local-gateway-trigger"] == "s3 photos"
    S3Model.model_validate(event)
    [record] = event["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["bucket"]["arn"] == "arn:aws:s3:::photos"
    thing = record["s3"]["object"]
    assert (thing["key"], thing["size"]) == ("a+b%2Bc.jpg", 5)
    s3.delete_object(Bucket="photos", Key="a b+c.jpg")
    _, event = event_of(gateway)
    [record] = event["Records"]
    assert record["eventName"] == "ObjectRemoved:Delete"
    assert sorted(record["s3"]["object"]) == ["key", "sequencer"]
    assert record["s3"]["object"]["sequencer"] > thing["sequencer"]
    assert gateway.calls.empty()


def test_trace_of_a_request_goes_on_to_functions_and_into_messages(
    clients: MotoClients, gateway: Gateway
) -> None:
    sns, sqs = clients.client("sns"), clients.client("sqs")
    topic = sns.create_topic(Name="traced")["TopicArn"]
    queue = sqs.create_queue(QueueName="traced")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION)
    trace_id = "Root=1-0-0;Lineage=00000001:1"
    for client in (sns, sqs):
        client.meta.events.register(
            "before-call", lambda params, **_: params["headers"].update({TRACE: trace_id})
        )
    sns.publish(TopicArn=topic, Message="go on")
    call, _ = event_of(gateway)
    assert call.headers[TRACE.lower()] == trace_id
    sqs.send_message(QueueUrl=queue, MessageBody="go on")
    [message] = sqs.receive_message(QueueUrl=queue, MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Attributes"]["AWSTraceHeader"] == trace_id


def test_event_of_a_bucket_on_a_bus_has_the_input_that_a_target_asks_for(
    clients: MotoClients,
) -> None:
    s3, events, sqs = (clients.client(name) for name in ("s3", "events", "sqs"))
    queue = sqs.create_queue(QueueName="bus")["QueueUrl"]
    pattern = json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]})
    events.put_rule(Name="objects", EventPattern=pattern)
    transformer = {"InputPathsMap": {}, "InputTemplate": '{"event": <aws.events.event.json>}'}
    arn = "arn:aws:sqs:us-east-1:123456789012:bus"
    events.put_targets(
        Rule="objects", Targets=[{"Id": "one", "Arn": arn, "InputTransformer": transformer}]
    )
    s3.create_bucket(Bucket="onbus")
    s3.put_bucket_notification_configuration(
        Bucket="onbus", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket="onbus", Key="k", Body=b"1")
    [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=SECONDS)["Messages"]
    assert json.loads(message["Body"])["event"]["detail"]["object"]["key"] == "k"
