"""Routes of HTTP APIs that want a signature."""

import http.client
import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_gateway.server.signatures import SigningKey
from tests.support.applications import REGION, application
from tests.support.gateway import (
    ACCESS_KEY,
    SECRET_KEY,
    RunningGateway,
)

BODY = b'{"channel": "chat:lobby"}'


def ask(
    gateway: RunningGateway, path: str = "/signed", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(*gateway.address, timeout=20)
    try:
        connection.request("POST", path, BODY, headers or {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def signed(gateway: RunningGateway, secret: str = SECRET_KEY, *, query: bool = False) -> AWSRequest:
    host, port = gateway.address
    request = AWSRequest("POST", f"http://{host}:{port}/signed", data=b"" if query else BODY)
    kind = SigV4QueryAuth if query else SigV4Auth
    kind(Credentials(ACCESS_KEY, secret), "execute-api", REGION).add_auth(request)
    return request


def test_an_unsigned_request_is_forbidden(gateway: RunningGateway) -> None:
    assert ask(gateway) == (403, {"message": "Forbidden"})
    basic = {"Authorization": "Basic YTpi"}
    assert ask(gateway, headers=basic) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize("left", [0, 1, 5])
def test_a_query_that_any_page_can_send_is_no_signature(gateway: RunningGateway, left: int) -> None:
    url = signed(gateway, query=True).url
    assert url is not None
    parameters = url.partition("?")[2].split("&")
    assert len(parameters) == 6
    query = "&".join(parameters[: left + 1] if left < 5 else parameters[1:])
    assert ask(gateway, path=f"/signed?{query}") == (403, {"message": "Forbidden"})


def test_a_query_of_a_foreign_page_counts_only_when_signatures_are_verified(
    gateway: RunningGateway,
) -> None:
    foreign = {"Origin": "https://web.example", "Sec-Fetch-Site": "cross-site"}
    query = (signed(gateway, query=True).url or "").partition("?")[2]
    assert ask(gateway, path=f"/signed?{query}", headers=foreign)[0] == 403
    header = dict(signed(gateway).headers.items())
    assert ask(gateway, headers={**foreign, **header})[0] == 200


def test_the_function_learns_who_signed(gateway: RunningGateway) -> None:
    status, event = ask(gateway, headers=dict(signed(gateway).headers.items()))
    assert status == 200
    account = event["requestContext"]["accountId"]
    assert event["requestContext"]["authorizer"] == {
        "iam": {
            "accessKey": ACCESS_KEY,
            "accountId": account,
            "callerId": ACCESS_KEY,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": f"arn:aws:iam::{account}:user/local",
            "userId": ACCESS_KEY,
        }
    }


def test_a_signature_may_be_in_the_query_string(gateway: RunningGateway) -> None:
    url = signed(gateway, query=True).url
    assert url is not None
    status, event = ask(gateway, path="/signed?" + url.partition("?")[2])
    assert status == 200
    assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == ACCESS_KEY


@pytest.mark.parametrize(("secret", "status"), [(SECRET_KEY, 200), ("another", 403)])
def test_signatures_can_be_verified(secret: str, status: int) -> None:
    with RunningGateway(
        application(), signing_keys={ACCESS_KEY: SigningKey(SECRET_KEY)}
    ) as verifying:
        headers = dict(signed(verifying, secret).headers.items())
        assert ask(verifying, headers=headers)[0] == status


def test_other_routes_want_none(gateway: RunningGateway) -> None:
    status, event = ask(gateway, path="/echo")
    assert status == 200
    assert "authorizer" not in event["requestContext"]
