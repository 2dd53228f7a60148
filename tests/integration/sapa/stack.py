"""The bot's AWS resources in moto, and a management API on a real socket."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import boto3
from aws_lambda_powertools.utilities.typing import LambdaContext

REGION = "ap-southeast-3"
EVENTS = Path(__file__).parents[3] / "events"
PASSWORD = "correct-Horse-7"
TOKEN = "2f0mTqW9c5yHkX1sVbJ7eRzN8uLdA4oGpI6wCtEhKfM"


def recorded(name: str) -> dict[str, Any]:
    """An event from `events/`."""
    event = json.loads((EVENTS / f"{name}.json").read_text())
    assert isinstance(event, dict)
    return event


class InvocationContext:
    """What Lambda passes beside the event."""

    function_name = "sapa"
    memory_limit_in_mb = 256
    invoked_function_arn = f"arn:aws:lambda:{REGION}:123456789012:function:sapa"
    aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"


def lambda_context() -> LambdaContext:
    """The context as Powertools reads it."""
    return cast("LambdaContext", InvocationContext())


class ManagementApi:
    """`@connections` as API Gateway answers it; ids in `gone` are 410, in `broken` 403.

    `calls` gets the operations in their order.
    """

    def __init__(self, calls: list[str]) -> None:
        self.calls = calls
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.closed: list[str] = []
        self.gone: set[str] = set()
        self.broken: set[str] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """What `MANAGEMENT_API_ENDPOINT` is set to."""
        return f"http://127.0.0.1:{self.port}/ws"

    def handle(self, method: str, path: str, body: bytes) -> tuple[int, str | None]:
        """The status and error type for a request."""
        self.calls.append("DeleteConnection" if method == "DELETE" else "PostToConnection")
        connection_id = unquote(path.removeprefix("/ws/@connections/"))
        if connection_id in self.gone:
            return 410, "GoneException"
        if connection_id in self.broken:
            return 403, "ForbiddenException"
        if method == "DELETE":
            self.closed.append(connection_id)
            return 204, None
        self.posted.append((connection_id, json.loads(body)))
        return 200, None


@contextmanager
def management_api(calls: list[str]) -> Iterator[ManagementApi]:
    """A management API that listens while the context lasts; it notes its `calls`."""
    api = ManagementApi(calls)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            status, error = api.handle(self.command, self.path, body)
            self.send_response(status)
            if error is not None:
                self.send_header("x-amzn-ErrorType", error)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_DELETE = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output readable."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


CHANNEL_TABLES = {
    "channels": ("channel",),
    "subscriptions": ("channel_shard", "connection_id"),
    "presence": ("channel_shard", "username"),
    "messages": ("channel", "sequence"),
    "session_channels": ("session_id", "channel"),
    "state": ("key",),
    "answers": ("username", "answer_id"),
    "answer_parts": ("answer_id", "number"),
    "once": ("key",),
}
# Attributes of keys that are numbers.
NUMBERS = {"sequence", "number"}


def create_tables() -> None:
    """All tables, as the template has them."""
    client = boto3.client("dynamodb")
    for name, key in CHANNEL_TABLES.items():
        create_channel_table(name, key)
    client.create_table(
        TableName="connections",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "connection_id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "connection_id", "AttributeType": "S"},
            {"AttributeName": "username", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-username",
                "KeySchema": [{"AttributeName": "username", "KeyType": "HASH"}],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["endpoint", "session_id", "connected_at", "expires_at"],
                },
            }
        ],
    )
    client.create_table(
        TableName="sessions",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "token_hash", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "token_hash", "AttributeType": "S"}],
    )


def create_channel_table(name: str, key: tuple[str, ...]) -> None:
    """A table of channels or state."""
    kinds = {attribute: "N" if attribute in NUMBERS else "S" for attribute in key}
    schema = [("HASH", key[0]), *(("RANGE", attribute) for attribute in key[1:])]
    definition: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": one, "KeyType": kind} for kind, one in schema],
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": kind} for attribute, kind in kinds.items()
        ],
    }
    boto3.client("dynamodb").create_table(**definition)


def create_pool() -> tuple[str, str]:
    """A user pool with the user `demo`; its id and its client's id."""
    client = boto3.client("cognito-idp")
    policy = {"MinimumLength": 10, "RequireNumbers": True, "RequireUppercase": True}
    pool = client.create_user_pool(
        PoolName="sapa",
        Policies={"PasswordPolicy": cast("Any", policy)},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
    )["UserPool"]["Id"]
    client_id = client.create_user_pool_client(
        UserPoolId=pool,
        ClientName="sapa",
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
    )["UserPoolClient"]["ClientId"]
    client.admin_create_user(UserPoolId=pool, Username="demo", TemporaryPassword=PASSWORD)
    client.admin_set_user_password(
        UserPoolId=pool, Username="demo", Password=PASSWORD, Permanent=True
    )
    return pool, client_id
