"""Least privilege both ways: a function may do all that it does, and does all that it may."""

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, cast

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.answer.app import lambda_handler as answer
from functions.api.app import lambda_handler as api
from functions.connect.app import lambda_handler as connect
from functions.default.app import lambda_handler as default
from functions.disconnect.app import lambda_handler as disconnect
from functions.fan_out.app import lambda_handler as fan_out
from functions.publish.app import lambda_handler as publish
from sapa.channels.fan_out_task import FanOutTask, Recipient
from sapa.connections.connection import HANDSHAKE_SECONDS
from sapa.lambda_events import ConnectionEvent
from sapa.messages.replies import answer as reply_to
from sapa.processes.business_process import business_process
from sapa.services import services
from tests.contract.test_aws_calls import (
    ROOM,
    STEPS,
    accepted,
    asked,
    both_in,
    context,
    event,
    open_connections,
)
from tests.contract.test_template_security import API_ARN, as_text, functions, granted
from tests.contract.transformed_template import resources
from tests.integration.sapa.conftest import Cloud, store_session
from tests.integration.sapa.stack import (
    PASSWORD,
    create_tables,
    lambda_context,
    recorded,
)
from tests.integration.sapa.test_fan_out_handler import Time

type Right = tuple[str, str]

SERVICES = {
    "DynamoDB_20120810": "dynamodb",
    "AmazonSQS": "sqs",
    "AWSCognitoIdentityProviderService": "cognito-idp",
}
METHODS = {"PostToConnection": "POST", "DeleteConnection": "DELETE"}
OTHERS = {"login", "handshake", "connect", "disconnect, no channel", "disconnect, one channel"}
OF_ANSWER = [name for name in STEPS if name.startswith("answer:")]
OF_DEFAULT = [name for name in STEPS if name not in OTHERS | set(OF_ANSWER)]
OF_PROCESSES = [name for name in OF_DEFAULT if name.startswith(("`join`", "`leave`", "`publish`"))]
OF_PROCESSES += ["`members`", "`history`", "`state.get`", "`state.put`"]


@dataclass
class Desk:
    """Runs one function and notes what its role has to allow."""

    name: str
    cloud: Cloud
    environment: pytest.MonkeyPatch
    needed: set[Right] = field(default_factory=set)

    def run(self, *steps: Callable[[], object]) -> None:
        """Do what the function does."""
        aws = self.cloud.aws
        for step in steps:
            aws.calls.clear()
            aws.asked.clear()
            step()
            for target, inputs in aws.asked:
                self.needed |= set(self._rights(target, inputs))
            self.needed |= {
                ("execute-api:ManageConnections", f"{API_ARN}/{METHODS[call]}/@connections/*")
                for call in METHODS.keys() & set(aws.calls)
            }

    def begin_anew(self) -> None:
        """Forget all that was stored and queued."""
        self.cloud.aws.reset()
        create_tables()
        for name in ("fan_out", "answer"):
            boto3.client("sqs").create_queue(QueueName=name)
        store_session()

    @staticmethod
    def variable(name: str) -> str:
        """What the function finds in its environment; empty if there is no such variable."""
        return os.environ.get(name, "")  # noqa: TID251 - where the fixtures have put it

    def _rights(self, target: str, inputs: dict[str, Any]) -> Iterable[Right]:
        service, _, operation = target.partition(".")
        # One right covers messages alone and in batches.
        action = f"{SERVICES[service]}:{operation.removesuffix('Batch')}"
        if operation == "TransactWriteItems":
            # A transaction has the rights of its writes.
            for item in inputs["TransactItems"]:
                yield "dynamodb:PutItem", f"{self._resource(item['Put']['TableName'])}.Arn"
            return
        named = [inputs[key] for key in ("TableName", "QueueUrl", "UserPoolId") if key in inputs]
        for name in named or inputs["RequestItems"]:
            if "IndexName" in inputs:
                yield action, f"${{{self._resource(name)}.Arn}}/index/{inputs['IndexName']}"
            else:
                yield action, f"{self._resource(name)}.Arn"

    def _resource(self, name: str) -> str:
        """The resource whose name the template gives to the function in its environment."""
        function = resources("AWS::Lambda::Function")[f"{self.name}Function"]
        variables = function["Environment"]["Variables"]
        [found] = {as_text(variables[key]) for key in variables if self.variable(key) == name}
        return found


def authorizes(desk: Desk) -> None:
    """A handshake with a cookie."""
    desk.run(STEPS["handshake"][1])


def connects(desk: Desk) -> None:
    """Each connection closes the one before; the first is gone when it is its turn."""
    desk.environment.setenv("MAX_CONNECTIONS_PER_USER", "1")
    first = event("connect", "c1")
    first["requestContext"]["connectedAt"] -= HANDSHAKE_SECONDS * 1000
    connect(first, lambda_context())
    context().join(ROOM)
    desk.cloud.management_api.gone.add("c1")
    for name in ("c2", "c3"):
        desk.run(partial(connect, event("connect", name), lambda_context()))


def answers(desk: Desk) -> None:
    """All that a message may do; then the connections of those who speak are gone."""
    for name in OF_DEFAULT:
        before, step = STEPS[name]
        desk.begin_anew()
        open_connections()
        before()
        desk.run(step)
    desk.begin_anew()
    open_connections()
    desk.run(lambda: context().members("user:demo"))
    both_in()
    desk.cloud.management_api.gone |= {"c1", "c2"}
    for name in ("c1", "c2"):
        said = event("default", name, '{"message": "Hai!"}')
        desk.run(partial(default, said, lambda_context()))

    desk.begin_anew()
    open_connections()
    for key in ("fails", "large"):
        desk.run(partial(happens_once, key))
    desk.run(partial(happens_once, "large"))


def happens_once(key: str) -> object:
    """A message whose process fails, or has a reply that is too large for one item."""
    process = {"fails": fails, "large": large}[key]
    said = ConnectionEvent.from_event(event("default", "c1"))
    return reply_to(f'{{"$once": "{key}"}}', said, services(), lambda _: process)


@business_process
def fails() -> None:
    """Fails."""
    raise RuntimeError


@business_process
def large() -> Iterator[str]:
    """A reply that does not shrink much."""
    for _ in range(10):
        yield secrets.token_hex(50_000)


def writes(desk: Desk) -> None:
    """Answers of processes that do all that a process may; one was accepted and not stored."""
    for name in (*OF_ANSWER, *OF_PROCESSES):
        before, step = STEPS[name]
        desk.begin_anew()
        open_connections()
        before()
        desk.run(step)
    desk.begin_anew()
    open_connections()
    desk.run(lambda: context().members("user:demo"))
    asked()
    boto3.client("dynamodb").delete_item(
        TableName="answers",
        Key={"username": {"S": "demo"}, "answer_id": {"S": accepted().task.answer_id}},
    )
    desk.cloud.management_api.gone.add("c1")
    [record] = recorded("answer")["Records"]
    record |= {"body": accepted().task.to_json(), "receiptHandle": accepted().receipt}
    desk.run(partial(answer, {"Records": [record]}, cast("LambdaContext", Time(900))))


def disconnects(desk: Desk) -> None:
    """The user's last connection in a channel goes."""
    open_connections()
    both_in()
    for name in ("c1", "c2"):
        desk.run(partial(disconnect, event("disconnect", name), lambda_context()))


def publishes(desk: Desk) -> None:
    """Events over HTTP and from the bus."""
    for name in ("publish_http", "publish_eventbridge"):
        desk.run(partial(publish, recorded(name), lambda_context()))


def fans_out(desk: Desk) -> None:
    """An event goes to a user's two connections, which are gone, as is seen later: they are old."""
    open_connections()
    both_in()
    desk.cloud.management_api.gone |= {"c1", "c2"}
    to_channel = FanOutTask(channel=ROOM, content={"text": "Hai!"})
    long_here = (Recipient("c1", since=0), Recipient("c2", since=0))
    for task in (to_channel, replace(to_channel, recipients=long_here)):
        [record] = recorded("fan_out")["Records"]
        record["body"] = task.to_json()
        desk.run(partial(fan_out, {"Records": [record]}, cast("LambdaContext", Time(25))))
    services().bulk_sender.close()


def serves(desk: Desk) -> None:
    """Logins, one with a new password, and a logout with an open socket and two that are gone."""
    desk.environment.setenv("MAX_CONNECTIONS_PER_USER", "3")
    desk.environment.setenv("CONNECTION_LIMIT_POLICY", "refuse-newest")
    open_connections()
    both_in()
    connect(event("connect", "c3"), lambda_context())
    store_session(event("connect", "c1")["requestContext"]["authorizer"]["session_id"])
    # A logout tries young connections again.
    table = boto3.resource("dynamodb").Table("subscriptions")
    for item in table.scan()["Items"]:
        if item["channel"] == "user:demo":
            table.put_item(Item=item | {"since": 0})
    boto3.client("cognito-idp").admin_create_user(
        UserPoolId=desk.variable("USER_POOL_ID"), Username="baru", TemporaryPassword=PASSWORD
    )
    first = recorded("api_login")
    login = {"username": "baru", "password": PASSWORD, "new_password": "Lebih-Kuat-9"}
    first["body"] = json.dumps(login)
    desk.cloud.management_api.gone |= {"c1", "c2"}
    for made in (recorded("api_login"), first, recorded("api_session"), recorded("api_logout")):
        desk.run(partial(api, made, lambda_context()))


LIVES: dict[str, Callable[[Desk], None]] = {
    "Authorizer": authorizes,
    "Connect": connects,
    "Default": answers,
    "Disconnect": disconnects,
    "Publish": publishes,
    "FanOut": fans_out,
    "Answer": writes,
    "Api": serves,
}

USED_BY_LAMBDA: dict[str, set[Right]] = {
    # Lambda's poller takes messages with the role of the function that it gives them to.
    "FanOut": {
        ("sqs:ReceiveMessage", "FanOutQueue.Arn"),
        ("sqs:DeleteMessage", "FanOutQueue.Arn"),
        ("sqs:GetQueueAttributes", "FanOutQueue.Arn"),
    },
    "Answer": {
        ("sqs:ReceiveMessage", "AnswerQueue.Arn"),
        ("sqs:DeleteMessage", "AnswerQueue.Arn"),
        ("sqs:GetQueueAttributes", "AnswerQueue.Arn"),
    },
    # So does Lambda with an event of the bus that has failed to the end.
    "Publish": {("sqs:SendMessage", "PublishDeadLetterQueue.Arn")},
}


def test_every_function_has_a_life() -> None:
    assert LIVES.keys() == set(functions())


@pytest.mark.parametrize("name", LIVES)
def test_a_role_allows_what_its_function_calls_and_nothing_that_it_does_not(
    cloud: Cloud, session: None, user_pool_id: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    desk = Desk(name, cloud, monkeypatch)
    LIVES[name](desk)
    # What a function prints is written by Lambda.
    allowed = {pair for pair in granted(name) if not pair[0].startswith("logs:")}
    assert desk.needed - allowed == set(), "called without right"
    assert allowed - desk.needed == USED_BY_LAMBDA.get(name, set()), "rights that nothing uses"
