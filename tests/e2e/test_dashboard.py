"""A chat, a REST API and an HTTP API of one template, with API keys, authorizers and tokens."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import urllib3
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.client import HTTP
from tests.support.programs import ROOT, GatewayProgram

pytestmark = pytest.mark.local_only

KEY = "the-key-of-the-dashboard"
ORIGIN = "https://dashboard.example"
SECONDS = 20.0


class Dashboard:
    """The addresses of a running gateway's APIs, and what a client does with them."""

    def __init__(self, gateway: GatewayProgram) -> None:
        address = gateway.urls()[0].partition("//")[2].partition("/")[0]
        stack = HTTP.request("GET", f"http://{address}/_gateway/stack").json()
        self.outputs = stack["outputs"]
        self._aws_endpoint_url = stack["aws_endpoint_url"]
        self._region = stack["region"]

    def ask(self, method: str, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """Ask the REST API."""
        return HTTP.request(method, self.outputs["DashboardUrl"] + path, headers=headers)

    def chat(self, name: str, key: str = KEY) -> ClientConnection:
        """Open a socket."""
        url = f"{self.outputs['ChatUrl']}?name={name}&key={key}"
        return connect(url, compression=None, proxy=None)

    def tokens(self, username: str) -> dict[str, Any]:
        """The tokens of a new member of the user pool."""
        pool, client = self.outputs["Members"], self.outputs["MembersClient"]
        cognito = boto3.client(
            "cognito-idp",
            endpoint_url=self._aws_endpoint_url,
            region_name=self._region,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        password = "Sapa-local-1"
        cognito.admin_create_user(UserPoolId=pool, Username=username)
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=username, Password=password, Permanent=True
        )
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
        return dict(answer["AuthenticationResult"])


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Dashboard]:
    with GatewayProgram(ROOT / "tests/templates/dashboard/template.yaml") as gateway:
        yield Dashboard(gateway)


def test_what_the_chat_stores_is_in_the_rest_api(dashboard: Dashboard) -> None:
    with dashboard.chat("ana") as ana, dashboard.chat("budi") as budi:
        ana.send(json.dumps({"action": "say", "text": "Hai!"}))
        message = json.loads(budi.recv(SECONDS))
        assert (message["text"], message["from"]) == ("Hai!", "ana")
        assert message in dashboard.ask("GET", "/messages").json()
        shown = dashboard.ask("GET", f"/messages/{message['id']}")
        assert (shown.status, shown.json()) == (200, message)


def test_a_handshake_needs_the_key_of_a_usage_plan(dashboard: Dashboard) -> None:
    for key, status in (("another", 403), ("", 401)):
        with pytest.raises(InvalidStatus) as refused, dashboard.chat("eve", key):
            pass
        assert refused.value.response.status_code == status


def test_a_method_of_the_rest_api_needs_the_key_and_reaches_the_chat(dashboard: Dashboard) -> None:
    url = f"{dashboard.outputs['DashboardUrl']}/messages"
    announcement = {"id": "first", "text": "Selamat datang!"}
    refused = HTTP.request("POST", url, json=announcement)
    assert (refused.status, refused.json()) == (403, {"message": "Forbidden"})
    assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN
    with dashboard.chat("ana") as ana:
        answer = HTTP.request("POST", url, json=announcement, headers={"x-api-key": KEY})
        assert (answer.status, answer.json()) == (201, announcement)
        assert json.loads(ana.recv(SECONDS))["text"] == "Selamat datang!"


def test_a_token_authorizer_guards_a_method(dashboard: Dashboard) -> None:
    path = "/messages/nothing"
    assert dashboard.ask("DELETE", path).status == 401
    assert dashboard.ask("DELETE", path, **{"X-Moderator": "nobody"}).status == 401
    assert dashboard.ask("DELETE", path, **{"X-Moderator": "ana"}).status == 403
    answer = dashboard.ask("DELETE", path, **{"X-Moderator": "moderator"})
    assert (answer.status, answer.json()) == (200, "moderator")


def test_a_preflight_is_answered(dashboard: Dashboard) -> None:
    answer = dashboard.ask("OPTIONS", "/messages", Origin=ORIGIN)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type,x-api-key"


def test_an_unknown_resource_is_403(dashboard: Dashboard) -> None:
    answer = dashboard.ask("GET", "/nothing")
    assert (answer.status, answer.json()) == (403, {"message": "Missing Authentication Token"})


def test_tokens_of_the_user_pool_open_both_kinds_of_apis(dashboard: Dashboard) -> None:
    tokens = dashboard.tokens("citra")
    whoami = f"{dashboard.outputs['DirectoryUrl']}/whoami"
    identity = {"Authorization": tokens["IdToken"]}
    assert dashboard.ask("GET", "/me", **identity).json() == "citra"
    assert HTTP.request("GET", whoami, headers=identity).json() == "citra"
    assert dashboard.ask("GET", "/me").status == 401
    refused = HTTP.request("GET", whoami, headers={"Authorization": tokens["IdToken"][:-5]})
    assert (refused.status, refused.json()) == (401, {"message": "Unauthorized"})
    assert "invalid_token" in refused.headers["www-authenticate"]
