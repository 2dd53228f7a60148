"""Handshakes that want a signature or an API key."""

import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from websockets.exceptions import InvalidStatus

from local_gateway.server.signatures import SigningKey
from tests.support.applications import ACCOUNT, API_KEY, REGION, application
from tests.support.gateway import ACCESS_KEY, SECRET_KEY, RunningGateway


def refusal(gateway: RunningGateway, path: str, **options: Any) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused, gateway.connect(path, **options):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body)["message"]


def signed(gateway: RunningGateway, path: str, secret: str = SECRET_KEY) -> dict[str, str]:
    request = AWSRequest("GET", f"http://{gateway.authority}/{path}")
    SigV4Auth(Credentials(ACCESS_KEY, secret), "execute-api", REGION).add_auth(request)
    return dict(request.headers.items())


def presigned(gateway: RunningGateway, path: str) -> str:
    request = AWSRequest("GET", f"http://{gateway.authority}/{path}")
    SigV4QueryAuth(Credentials(ACCESS_KEY, SECRET_KEY), "execute-api", REGION).add_auth(request)
    return str(request.url).partition(f"{gateway.authority}/")[2]


def test_an_unsigned_handshake_is_403(gateway: RunningGateway) -> None:
    assert refusal(gateway, "iam") == (403, "Missing Authentication Token")


def test_a_foreign_page_cannot_presign(gateway: RunningGateway) -> None:
    path = presigned(gateway, "iam")
    foreign = {"Origin": "https://web.example"}
    assert refusal(gateway, path, additional_headers=foreign)[0] == 403


@pytest.mark.parametrize("in_query", [False, True])
def test_connect_learns_who_signed(gateway: RunningGateway, in_query: bool) -> None:
    tag = f"tag=signed-{in_query}"
    path = f"iam?{tag}"
    headers = {} if in_query else signed(gateway, path)
    with gateway.connect(
        presigned(gateway, path) if in_query else path, additional_headers=headers
    ):
        printed = gateway.recorder.wait_for(
            "connect",
            lambda item: item.content.get("queryStringParameters", {}).get("tag") == tag[4:],
        )
    identity = printed.context["identity"]
    assert identity.pop("userAgent")
    assert identity == {
        "sourceIp": "127.0.0.1",
        "accessKey": ACCESS_KEY,
        "accountId": ACCOUNT,
        "caller": ACCESS_KEY,
        "user": ACCESS_KEY,
        "userArn": f"arn:aws:iam::{ACCOUNT}:user/local",
    }


def test_signatures_of_handshakes_can_be_verified() -> None:
    keys = {ACCESS_KEY: SigningKey(SECRET_KEY)}
    with RunningGateway(application(), signing_keys=keys) as gateway:
        with gateway.connect("iam", additional_headers=signed(gateway, "iam")):
            pass
        with gateway.connect(presigned(gateway, "iam")):
            pass
        wrong = signed(gateway, "iam", "another")
        status, message = refusal(gateway, "iam", additional_headers=wrong)
        assert status == 403
        assert message.startswith("The request signature we calculated does not match")


def test_a_handshake_with_an_api_key_is_accepted(gateway: RunningGateway) -> None:
    with gateway.connect("keyed", additional_headers={"x-api-key": API_KEY}):
        pass


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "another"}])
def test_a_handshake_without_its_api_key_is_403(
    gateway: RunningGateway, headers: dict[str, str]
) -> None:
    assert refusal(gateway, "keyed", additional_headers=headers) == (403, "Forbidden")
