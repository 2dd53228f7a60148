"""Leads what invokes functions in the moto server's process to the gateway, which runs them.

moto has functions of its own, in Docker. The functions of the template run in the gateway, behind
its Lambda API: calls of the Lambda API go there, and so do topics and buckets that invoke a
function. A chain of invocations stays one chain: its trace header goes with every call.

The moto server's process loads this file by its path: it imports moto and the standard library.
"""

import base64
import http.client
import json
import logging
import os
import re
import secrets
import sys
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

_INVOCATION = re.compile(
    r"/\d{4}-\d\d-\d\d/functions/[^/]+/"
    r"(?:invocations|invoke-async|response-streaming-invocations)/?"
)
_DESCRIPTION = re.compile(r"/\d{4}-\d\d-\d\d/functions(?:/[^/]+(?:/configuration)?)?/?")
_TRIGGER = "X-Local-Gateway-Trigger"
_TRACE = "X-Amzn-Trace-Id"
# Headers that are about a connection, not about a call.
_HOP_BY_HOP = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
)
_TOKEN = secrets.token_hex(16)

# `trace_id` is that of the request that this thread answers.
_request = threading.local()


type Answer = tuple[int, list[tuple[str, str]], bytes]


def _unavailable(message: str) -> Answer:
    content = json.dumps({"Type": "Service", "message": message}).encode()
    return 503, [("x-amzn-ErrorType", "ServiceException")], content


class Gateway:
    """The Lambda API of the gateway; it does not exist before `url` is set."""

    def __init__(self) -> None:
        self.url: str | None = None

    def call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Status, headers and body of the answer to a call."""
        if self.url is None:
            return _unavailable("the functions of the template are not ready yet")
        target = urlsplit(self.url)
        connection = http.client.HTTPConnection(target.hostname or "", target.port)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        except (OSError, http.client.HTTPException):
            return _unavailable("the gateway, which runs the functions, has ended")
        finally:
            connection.close()

    def send_event(self, arn: str, event: Any, trigger: str) -> None:
        """Invoke a function asynchronously; `trigger` is a service and a name."""
        path = f"/2015-03-31/functions/{quote(arn, safe='')}/invocations"
        headers = {
            "Content-Type": "application/json",
            "X-Amz-Invocation-Type": "Event",
            _TRIGGER: trigger.encode("ascii", "replace").decode(),
        }
        trace_id = current_trace_id()
        if trace_id is not None:
            headers[_TRACE] = trace_id
        self.call("POST", path, headers, json.dumps(event).encode())


GATEWAY = Gateway()


def current_trace_id() -> str | None:
    """The trace header of the request that this thread answers."""
    trace_id: str | None = getattr(_request, "trace_id", None)
    return trace_id


def forwarding(application: Any) -> Any:
    """The WSGI application, with calls that concern the template's functions passed on.

    These are calls that invoke a function or describe it; what the gateway does not know may be a
    function of moto.
    """

    def answer(environ: Any, start_response: Any) -> Any:
        _request.trace_id = environ.get("HTTP_X_AMZN_TRACE_ID")
        target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
        path, method = urlsplit(target).path, environ["REQUEST_METHOD"]
        invokes = _INVOCATION.fullmatch(path)
        describes = method == "GET" and GATEWAY.url and _DESCRIPTION.fullmatch(path)
        if not (invokes or describes) or _is_for_another_service(environ):
            return application(environ, start_response)
        query = urlsplit(target).query
        status, headers, body = GATEWAY.call(
            method,
            f"{path}?{query}" if query else path,
            _headers(environ),
            _body(environ) if invokes else b"",
        )
        if describes and status == 404:
            return application(environ, start_response)
        kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
        if status != 204:
            kept.append(("Content-Length", str(len(body))))
        start_response(f"{status} {http.client.responses.get(status, 'Unknown')}", kept)
        return [body]

    return answer


def _is_for_another_service(environ: Any) -> bool:
    """Whether the signature names another service: an object of S3 may have such a key."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    scope = re.search(r"Credential=[^/,]+/[^/,]+/[^/,]+/([^/,]+)/", authorization)
    return scope is not None and scope[1] != "lambda"


def _headers(environ: Any) -> dict[str, str]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and name != "HTTP_HOST"
    }
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    # What may call itself a trigger is in this process.
    token, _, trigger = headers.pop(_TRIGGER.upper(), "").partition(" ")
    if token == _TOKEN:
        headers[_TRIGGER] = trigger
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}


def _body(environ: Any) -> bytes:
    if environ.get("wsgi.input_terminated"):
        return bytes(environ["wsgi.input"].read())
    length = environ.get("CONTENT_LENGTH") or ""
    return bytes(environ["wsgi.input"].read(int(length))) if length.isdecimal() else b""


def patch_topics() -> None:
    """Let topics invoke the functions of the template."""
    from moto.sns.models import Subscription

    publish_to_others = Subscription.publish

    def publish(
        self: Any,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        **further: Any,
    ) -> None:
        if self.protocol != "lambda":
            # A run on a laptop must not call the pager of the people on duty.
            if self.protocol not in ("http", "https") or _is_on_this_machine(self.endpoint):
                publish_to_others(self, message, message_id, subject, message_attributes, **further)
            return
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if further.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        event = topic_event(self, message, message_id, subject, message_attributes or {})
        GATEWAY.send_event(self.endpoint, event, f"sns {self.topic.name}")

    setattr(Subscription, "publish", publish)  # noqa: B010 - a method of another program


def _is_on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def topic_event(
    subscription: Any,
    message: str,
    message_id: str,
    subject: str | None,
    attributes: dict[str, Any],
) -> dict[str, Any]:
    """The event of a message (Lambda developer guide, with-sns); the signature is no signature."""
    topic, region = subscription.topic, subscription.arn.split(":")[3]
    address = f"https://sns.{region}.amazonaws.com"
    content = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": topic.arn,
        "Subject": subject,
        "Message": message,
        "Timestamp": now(),
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertUrl": f"{address}/SimpleNotificationService-example.pem",
        "UnsubscribeUrl": f"{address}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
        "MessageAttributes": {
            name: {"Type": value["Type"], "Value": text_of(value["Value"])}
            for name, value in attributes.items()
        },
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": content,
    }
    return {"Records": [record]}


def text_of(value: Any) -> Any:
    """The value of an attribute in JSON."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def now() -> str:
    """ISO 8601 in UTC with milliseconds."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def patch_buckets() -> None:
    """Let buckets invoke the functions of the template, and complete their events."""
    from moto.s3 import notifications

    def invoke(account_id: str, event: Any, arn: str, region: str) -> None:
        bucket = event["Records"][0]["s3"]["bucket"]["name"]
        GATEWAY.send_event(arn, event, f"s3 {bucket}")

    record_of = notifications._get_s3_event

    def event(event_name: str, bucket: Any, key: Any, notification_id: str) -> Any:
        made = record_of(event_name, bucket, key, notification_id)
        [record] = made["Records"]
        complete_bucket_record(record, event_name, bucket, key)
        return made

    vars(notifications).update(_invoke_awslambda=invoke, _get_s3_event=event)


def complete_bucket_record(record: dict[str, Any], event_name: str, bucket: Any, key: Any) -> None:
    """Add what S3 says and moto does not (S3 user guide, notification-content-structure)."""
    principal = {"principalId": "LOCALGATEWAY"}
    record["userIdentity"] = principal
    record["requestParameters"] = {"sourceIPAddress": "127.0.0.1"}
    record["responseElements"] = {
        "x-amz-request-id": uuid.uuid4().hex[:16].upper(),
        "x-amz-id-2": base64.b64encode(os.urandom(48)).decode(),
    }
    record["s3"]["bucket"]["ownerIdentity"] = principal
    thing = record["s3"]["object"]
    if bucket.is_versioned and getattr(key, "version_id", None):
        thing["versionId"] = str(key.version_id)
    if event_name.startswith("s3:ObjectRemoved:"):
        for name in ("size", "eTag"):
            thing.pop(name, None)
    thing["sequencer"] = f"{time.time_ns():016X}"


def patch_bus_events_of_buckets() -> None:
    """Let the events that buckets put on a bus have the input that each target asks for."""
    from moto.events.models import Rule

    send = Rule.send_to_targets

    def send_to_targets(self: Any, event: Any, transform_input: bool = True) -> None:
        event.setdefault("ingestion-time", event["time"])
        send(self, event)

    setattr(Rule, "send_to_targets", send_to_targets)  # noqa: B010


def patch_state_machines() -> None:
    """Let moto run state machines, whose tasks invoke the functions of the template."""
    from moto.core.config import default_user_config
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import (
        lambda_eval_utils,
    )

    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    tasks = vars(lambda_eval_utils)
    client_for = tasks["boto_client_for"]

    def client(*arguments: Any, **named: Any) -> Any:
        made = client_for(*arguments, **named)
        header = f"{_TOKEN} states {getattr(_request, 'state_machine', '')}"
        made.meta.events.register(
            "before-call", lambda params, **_: params["headers"].update({_TRIGGER: header})
        )
        return made

    def named(call: Any) -> Any:
        def invoke(env: Any, *arguments: Any, **parameters: Any) -> Any:
            context = env.states.context_object.context_object_data
            _request.state_machine = context["StateMachine"]["Name"]
            return call(env, *arguments, **parameters)

        return invoke

    # It logs each step of an error's way; the end is said below.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    name_executions()
    tasks["boto_client_for"] = client
    for name in ("exec_lambda_function", "execute_lambda_function_integration"):
        tasks[name] = named(tasks[name])


def name_executions() -> None:
    """Give each execution a name, and say how those end that fail: nobody else would."""
    from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    start, end = (
        StepFunctionsParserBackend.start_execution,
        BaseExecutionWorkerCommunication.terminated,
    )

    def start_execution(self: Any, arn: str, name: str | None = None, *further: Any) -> Any:
        return start(self, arn, name or str(uuid.uuid4()), *further)

    def terminated(self: Any) -> None:
        end(self)
        execution = self.execution
        if execution.exec_status in ("FAILED", "TIMED_OUT"):
            reasons = [execution.exec_status.value, execution.error, execution.cause]
            text = ": ".join(str(reason) for reason in reasons if reason)
            line = f"state machine {execution.state_machine.name}: {text}"[:500]
            sys.stderr.write(line.encode("unicode_escape").decode("ascii") + "\n")

    setattr(StepFunctionsParserBackend, "start_execution", start_execution)  # noqa: B010
    setattr(BaseExecutionWorkerCommunication, "terminated", terminated)  # noqa: B010


def patch_trace_of_messages() -> None:
    """Let a message carry the trace header of the request that sent it, as SQS does."""
    from moto.sqs.models import Queue

    add = Queue.add_message

    def add_message(self: Any, message: Any) -> None:
        trace_id = current_trace_id()
        if trace_id is not None and "AWSTraceHeader" not in message.system_attributes:
            attribute = {"DataType": "String", "StringValue": trace_id}
            message.system_attributes = {**message.system_attributes, "AWSTraceHeader": attribute}
        add(self, message)

    setattr(Queue, "add_message", add_message)  # noqa: B010
