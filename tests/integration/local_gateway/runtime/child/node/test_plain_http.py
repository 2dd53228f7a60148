"""What Node.js handlers send to AWS reaches this machine, by any client and any spelling."""

from typing import Any

import pytest

from local_gateway.core.invocation import Failed
from local_gateway.runtime.child.python.redirection import VARIABLE, encode_hosts
from tests.support.programs import NODE_MODULES, require_node_file
from tests.support.receiver import Receiver
from tests.support.runtimes import Runtimes, invoke, value

HOST = "abcdefghij.execute-api.eu-central-1.amazonaws.com"
CONNECTION = "L0SM9cOFvHcCIhw="
PATH = "/prod/@connections/L0SM9cOFvHcCIhw%3D"

POSTS = {
    "SDK v3": """
        const { ApiGatewayManagementApi } = require("@aws-sdk/client-apigatewaymanagementapi");

        exports.lambda_handler = async (host) => {
          const api = new ApiGatewayManagementApi({ endpoint: `https://${host}/prod` });
          await api.postToConnection({ ConnectionId: "L0SM9cOFvHcCIhw=", Data: "hello" });
        };
    """,
    "SDK v2, a host without a scheme": """
        const AWS = require("aws-sdk");

        exports.lambda_handler = async (host) => {
          const endpoint = host + "/prod";
          const api = new AWS.ApiGatewayManagementApi({ apiVersion: "2018-11-29", endpoint });
          await api.postToConnection({ ConnectionId: "L0SM9cOFvHcCIhw=", Data: "hello" }).promise();
        };
    """,
    "SDK v2, with a callback": """
        const AWS = require("aws-sdk");

        exports.lambda_handler = (host, context, callback) => {
          const api = new AWS.ApiGatewayManagementApi({ endpoint: `https://${host}/prod` });
          api.postToConnection({ ConnectionId: "L0SM9cOFvHcCIhw=", Data: "hello" }, callback);
        };
    """,
    "https": """
        const https = require("https");

        exports.lambda_handler = (host) => new Promise((resolve, reject) => {
          const path = "/prod/@connections/L0SM9cOFvHcCIhw%3D";
          const request = https.request({ host, path, method: "POST" }, (response) => {
            response.resume().on("end", () => resolve(null));
          });
          request.on("error", reject).end("hello");
        });
    """,
    "https with an agent that keeps connections": """
        const https = require("node:https");
        const agent = new https.Agent({ keepAlive: true });

        exports.lambda_handler = (host) => new Promise((resolve, reject) => {
          const url = `https://${host.toUpperCase()}/prod/@connections/L0SM9cOFvHcCIhw%3D`;
          const request = https.request(url, { method: "POST", agent }, (response) => {
            response.resume().on("end", () => resolve(null));
          });
          request.on("error", reject).end("hello");
        });
    """,
    "fetch": """
        exports.lambda_handler = async (host) => {
          const url = `https://${host}/prod/@connections/L0SM9cOFvHcCIhw%3D`;
          await (await fetch(url, { method: "POST", body: "hello" })).text();
          return null;
        };
    """,
    "axios": """
        const axios = require("axios");

        exports.lambda_handler = async (host) => {
          await axios.post(`https://${host}/prod/@connections/L0SM9cOFvHcCIhw%3D`, "hello");
        };
    """,
    "http": """
        const http = require("http");

        exports.lambda_handler = (host) => new Promise((resolve, reject) => {
          const url = `http://${host}/prod/@connections/L0SM9cOFvHcCIhw%3D`;
          const request = http.request(url, { method: "POST" }, (response) => {
            response.resume().on("end", () => resolve(null));
          });
          request.on("error", reject).end("hello");
        });
    """,
}

GET = """
    const https = require("https");

    exports.lambda_handler = (url) => new Promise((resolve, reject) => {
      https.get(url, (response) => response.resume().on("end", () => resolve(null)))
        .on("error", reject);
    });
"""

SERVICES = {
    "SDK v2's DocumentClient": (
        """
        const AWS = require("aws-sdk");
        const client = new AWS.DynamoDB.DocumentClient({ maxRetries: 0 });

        exports.lambda_handler = async () => {
          await client.scan({ TableName: "t" }).promise();
        };
        """,
        "dynamodb.eu-central-1.amazonaws.com",
    ),
    "SDK v2's S3, the bucket in the host": (
        """
        const AWS = require("aws-sdk");
        const s3 = new AWS.S3({ maxRetries: 0 });

        exports.lambda_handler = async () => {
          await s3.putObject({ Bucket: "bucket", Key: "k", Body: "x" }).promise();
        };
        """,
        "bucket.s3.eu-central-1.amazonaws.com",
    ),
    "SDK v3's DynamoDB with AWS's address": (
        """
        const { DynamoDB } = require("@aws-sdk/client-dynamodb");
        const endpoint = "https://dynamodb.eu-central-1.amazonaws.com";
        const client = new DynamoDB({ endpoint, maxAttempts: 1 });

        exports.lambda_handler = async () => {
          await client.listTables({});
        };
        """,
        "dynamodb.eu-central-1.amazonaws.com",
    ),
}


def variables(receiver: Receiver) -> dict[str, str]:
    require_node_file("aws-sdk")
    here = ("127.0.0.1", receiver.port)
    return {
        VARIABLE: encode_hosts({HOST: here, ".amazonaws.com": here}),
        "NODE_PATH": str(NODE_MODULES),
        "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
    }


@pytest.mark.parametrize("name", POSTS)
async def test_a_post_arrives_as_it_was_meant_for_aws(
    node_runtimes: Runtimes, receiver: Receiver, name: str
) -> None:
    runtime = await node_runtimes.serve(POSTS[name], base_environment=variables(receiver))
    await value(runtime, HOST)
    await value(runtime, HOST)
    hosts = {host.lower() for _, host, _ in receiver.requests}
    assert hosts == {HOST}
    assert [(what, body) for what, _, body in receiver.requests] == [(f"POST {PATH}", b"hello")] * 2


@pytest.mark.parametrize("name", SERVICES)
async def test_other_services_lead_to_the_aws_services_of_the_run(
    node_runtimes: Runtimes, receiver: Receiver, name: str
) -> None:
    code, host = SERVICES[name]
    runtime = await node_runtimes.serve(code, base_environment=variables(receiver))
    await invoke(runtime)
    assert {host for _, host, _ in receiver.requests} == {host}


async def test_a_socket_to_an_api_is_passed_through(
    node_runtimes: Runtimes, receiver: Receiver
) -> None:
    code = """
        const WebSocket = require("ws");

        exports.lambda_handler = (host) => new Promise((resolve) => {
          new WebSocket(`wss://${host}/prod`).on("error", (error) => resolve(error.message));
        });
    """
    runtime = await node_runtimes.serve(code, base_environment=variables(receiver))
    assert await value(runtime, HOST) == "Unexpected server response: 200"
    assert receiver.requests == [("GET /prod", HOST, b"")]


async def test_names_in_an_es_module_are_replaced_too(
    node_runtimes: Runtimes, receiver: Receiver
) -> None:
    function = node_runtimes.function("")
    (function.code / "app.js").unlink()
    (function.code / "app.mjs").write_text(
        """
        import { connect } from "node:tls";

        export const lambda_handler = (host) => new Promise((resolve) => {
          const socket = connect({ host, port: 443, servername: host }, () => {
            socket.end();
            resolve([socket.encrypted, socket.authorized]);
          });
        });
        """
    )
    runtime = await node_runtimes.run(function, base_environment=variables(receiver))
    assert await value(runtime, HOST) == [True, True]


@pytest.mark.parametrize(
    "url",
    [
        "https://bbcdefghij.execute-api.eu-central-1.amazonaws.com/",
        "https://execute-api.eu-central-1.amazonaws.com/",
        "https://amazonaws.com.invalid/",
        "https://dynamodb.eu-central-1.amazonaws.com:1/",
    ],
)
async def test_other_names_and_ports_do_not_change(
    node_runtimes: Runtimes, receiver: Receiver, url: str
) -> None:
    code = f"""
        const dns = require("dns");
        dns.lookup = (name, options, callback) => callback(new Error(`looked up ${{name}}`));
        {GET}
    """
    runtime = await node_runtimes.serve(code, base_environment=variables(receiver))
    result = (await invoke(runtime, url)).result
    assert isinstance(result, Failed)
    assert result.message.startswith("looked up ")
    assert receiver.requests == []


async def test_https_to_another_host_is_still_tls(
    node_runtimes: Runtimes, receiver: Receiver
) -> None:
    runtime = await node_runtimes.serve(GET, base_environment=variables(receiver))
    result = (await invoke(runtime, f"https://localhost:{receiver.port}/")).result
    assert isinstance(result, Failed)
    assert "SSL" in result.message or b"EPROTO" in result.report
    assert receiver.requests == []


async def test_a_connection_has_what_clients_ask_of_tls(
    node_runtimes: Runtimes, receiver: Receiver
) -> None:
    code = """
        const tls = require("tls");

        exports.lambda_handler = (host) => new Promise((resolve) => {
          const socket = tls.connect(443, host, { servername: host }, () => {
            const certificate = socket.getPeerCertificate();
            socket.end();
            const problem = tls.checkServerIdentity(host, certificate) ?? null;
            resolve([certificate.subject.CN, socket.alpnProtocol, problem]);
          });
        });
    """
    runtime = await node_runtimes.serve(code, base_environment=variables(receiver))
    found: Any = await value(runtime, HOST)
    assert found == [HOST, False, None]
