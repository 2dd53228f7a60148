"""Handlers that post to `https://{domainName}/{stage}` reach the gateway, by any client."""

import pytest

from local_gateway.core.invocation import Failed
from local_gateway.runtime.child.python.redirection import VARIABLE, encode_hosts
from tests.support.receiver import Receiver
from tests.support.runtimes import Runtimes, invoke, value

HOST = "abcdefghij.execute-api.eu-central-1.amazonaws.com"
PATH = "/prod/@connections/L0SM9cOFvHcCIhw%3D"

HANDLERS = {
    "boto3": """
        import boto3

        def lambda_handler(event, context):
            api = boto3.client("apigatewaymanagementapi", endpoint_url=f"https://{event}/prod")
            api.post_to_connection(ConnectionId="L0SM9cOFvHcCIhw=", Data=b"hello")
    """,
    "urllib3 and SigV4Auth": """
        import boto3, urllib3
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        POOL = urllib3.PoolManager()
        SESSION = boto3.Session()

        def lambda_handler(event, context):
            url = f"https://{event}/prod/@connections/L0SM9cOFvHcCIhw%3D"
            request = AWSRequest("POST", url, data=b"hello")
            credentials = SESSION.get_credentials()
            SigV4Auth(credentials, "execute-api", SESSION.region_name).add_auth(request)
            POOL.request("POST", url, body=b"hello", headers=dict(request.headers))
    """,
    "http.client": """
        import http.client

        def lambda_handler(event, context):
            connection = http.client.HTTPSConnection(event, timeout=5)
            connection.request("POST", "/prod/@connections/L0SM9cOFvHcCIhw%3D", b"hello")
            connection.getresponse().read()
    """,
    "requests": """
        import requests

        def lambda_handler(event, context):
            requests.post(f"https://{event}/prod/@connections/L0SM9cOFvHcCIhw%3D", b"hello")
    """,
    "aiohttp": """
        import asyncio, aiohttp, yarl

        async def post(host):
            url = yarl.URL(f"https://{host}/prod/@connections/L0SM9cOFvHcCIhw%3D", encoded=True)
            async with aiohttp.ClientSession() as session, session.post(url, data=b"hello"):
                pass

        def lambda_handler(event, context):
            asyncio.run(post(event))
    """,
}

TO_ELSEWHERE = """
    import http.client

    def lambda_handler(event, context):
        http.client.HTTPSConnection("localhost", event, timeout=5).request("GET", "/")
"""


def hosts(receiver: Receiver) -> dict[str, str]:
    return {VARIABLE: encode_hosts({HOST: ("127.0.0.1", receiver.port)})}


@pytest.mark.parametrize("name", HANDLERS)
async def test_a_post_arrives_as_it_was_meant_for_aws(
    python_runtimes: Runtimes, receiver: Receiver, name: str
) -> None:
    runtime = await python_runtimes.serve(HANDLERS[name], base_environment=hosts(receiver))
    assert await value(runtime, HOST) is None, "the first time"
    assert await value(runtime, HOST) is None, "and with what the handler kept"
    assert receiver.requests == [(f"POST {PATH}", HOST, b"hello")] * 2


async def test_the_signature_is_over_the_host_as_on_aws(
    python_runtimes: Runtimes, receiver: Receiver
) -> None:
    runtime = await python_runtimes.serve(HANDLERS["boto3"], base_environment=hosts(receiver))
    await value(runtime, HOST)
    (authorization,) = receiver.signed_headers
    assert "eu-central-1/execute-api/aws4_request" in authorization
    assert "SignedHeaders=host;" in authorization


async def test_https_to_another_host_is_still_tls(
    python_runtimes: Runtimes, receiver: Receiver
) -> None:
    runtime = await python_runtimes.serve(TO_ELSEWHERE, base_environment=hosts(receiver))
    result = (await invoke(runtime, receiver.port)).result
    assert isinstance(result, Failed)
    assert result.error_type == "SSLError"
    assert receiver.requests == []


async def test_ssl_is_not_imported_for_a_handler_that_has_no_use_for_it(
    python_runtimes: Runtimes, receiver: Receiver
) -> None:
    code = """
        import sys

        def lambda_handler(event, context):
            return "ssl" in sys.modules
    """
    runtime = await python_runtimes.serve(code, base_environment=hosts(receiver))
    assert await value(runtime) is False
