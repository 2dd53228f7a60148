import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.recording.redaction import MARKER, is_redacted, is_secret, redact, redact_text

SECRET = "hunter2-hunter2"
SECRET_NAMES = [
    "password",
    "Password",
    "newPassword",
    "passwords",
    "DBPassword",
    "token",
    "accessToken",
    "access_token",
    "ACCESS_TOKEN",
    "idtoken",
    "csrfToken",
    "client_secret",
    "secrets",
    "authorizationToken",
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "Set-Cookie",
    "cookies",
    "X-Api-Key",
    "apiKey",
    "apikey",
    "aws_access_key_id",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "credentials",
    "auth",
    "identitySource",
    "usageIdentifierKey",
    "jwt",
]
PLAIN_NAMES = [
    "message",
    "author",
    "authorizer",
    "key",
    "routeKey",
    "Sec-WebSocket-Key",
    "secretary",
    "connectionId",
    "passenger",
    "principalId",
    "address",
    "",
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*SECRET_NAMES, *PLAIN_NAMES, "headers", "body"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_name_of_a_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_name_of_no_secret(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    "event",
    [
        {"headers": {"Cookie": f"session={SECRET}; theme=dark"}},
        {"headers": {"authorization": f"Bearer {SECRET}"}},
        {"headers": {"Set-Cookie": f"session={SECRET}; HttpOnly"}},
        {"multiValueHeaders": {"Cookie": [f"a={SECRET}", f"b={SECRET}"]}},
        {"cookies": [f"session={SECRET}", "theme=dark"]},
        {"queryStringParameters": {"token": SECRET}},
        {"multiValueQueryStringParameters": {"access_token": [SECRET]}},
        {"rawQueryString": f"endpoint=reply&id_token={SECRET}"},
        {"rawQueryString": f"token={SECRET}"},
        {"rawQueryString": f"access%5Ftoken={SECRET}"},
        {"body": json.dumps({"username": "ann", "password": SECRET})},
        {"body": json.dumps([{"deep": {"clientSecret": SECRET}}])},
        {"body": f'  {{"token": "{SECRET}"}}'},
        {"body": f"user=ann&password={SECRET}"},
        {"body": f'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n{SECRET}\r\n'},
        {"headers": {"Referer": f"https://example.org/page?token={SECRET}#top"}},
        {"headers": {"Sec-WebSocket-Protocol": f"chat, eyJhbGciOiJIUzI1NiJ9.{SECRET}"}},
        {"Records": [{"body": json.dumps({"Message": json.dumps({"secret": SECRET})})}]},
        {"detail": {"credentials": {"user": SECRET}}},
        {"requestContext": {"authorizer": {"accessToken": SECRET}}},
        {"requestContext": {"authorizer": {"lambda": {"jwt": SECRET}}}},
        {"message": f"rejected: Bearer {SECRET}"},
        {"identitySource": [SECRET]},
        {"pin": {"password": 1234}},
    ],
)
def test_secret_is_taken_out(event: dict[str, Any]) -> None:
    redacted = redact(event)
    text = json.dumps(redacted)
    assert SECRET not in text
    assert "1234" not in text
    assert MARKER in text
    assert is_redacted(redacted)


@pytest.mark.parametrize(
    "body", [f"user=ann&password={SECRET}", json.dumps({"password": SECRET, "n": 1})]
)
def test_secret_in_base64_is_taken_out(body: str) -> None:
    encoded = base64.b64encode(body.encode()).decode()
    redacted = redact({"body": encoded, "isBase64Encoded": True})
    inside = base64.b64decode(redacted["body"]).decode()
    assert SECRET not in inside
    assert MARKER in inside


def test_what_stands_beside_a_secret_stays() -> None:
    event = {
        "headers": {"Host": "example.org", "Cookie": "a=b", "Sec-WebSocket-Protocol": "chat, v2"},
        "rawQueryString": "endpoint=reply&token=x&n=1",
        "body": '{"user":"ann","password":"x"}',
    }
    assert redact(event) == {
        "headers": {"Host": "example.org", "Cookie": MARKER, "Sec-WebSocket-Protocol": "chat, v2"},
        "rawQueryString": f"endpoint=reply&token={MARKER}&n=1",
        "body": f'{{"user":"ann","password":"{MARKER}"}}',
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Apa kabar, dunia?",
        '{"message" : "Hai",   "n": 1.50}',
        "[1, 2",
        "a=b&c=d",
        "1 + 1 = 2",
        "https://example.org/?a=1&b=2",
        "iVBORw0KGgo=",
    ],
)
def test_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert redact_text(text) == text
    assert not is_redacted(redact({"body": text}))


@pytest.mark.parametrize(
    "body",
    [
        f'{{"username": "ann", "password": "{SECRET}',
        f'{{"username": "ann", "password": "{SECRET}"}} and more',
        f'{{"username": "ann", "password": "{SECRET}",}}',
        f"{{'password': '{SECRET}'}}",
        f"{{password: {SECRET}}}",
        f'[{{"accessToken": "{SECRET}"',
        f'{{"p\\u0061ssword": "{SECRET}',
        f'\ufeff{{"password": "{SECRET}"}}',
        f'rejected: {{"password": "{SECRET}"}}',
        f'rejected: "{{\\"password\\": \\"{SECRET}\\"}}"',
        f'{{"password": "{SECRET}"}}{{"password": "{SECRET}"}}',
    ],
)
def test_what_cannot_be_parsed_and_names_a_secret_is_hidden_whole(body: str) -> None:
    assert redact({"body": body}) == {"body": MARKER}
    encoded = base64.b64encode(body.encode()).decode()
    inside = redact({"body": encoded, "isBase64Encoded": True})["body"]
    assert base64.b64decode(inside).decode() == MARKER


def test_secret_among_bytes_that_are_not_text_is_hidden_whole() -> None:
    encoded = base64.b64encode(f'{{"password": "{SECRET}'.encode() + b'\xff"}').decode()
    inside = redact({"body": encoded, "isBase64Encoded": True})["body"]
    assert base64.b64decode(inside).decode() == MARKER


def test_bytes_in_base64_stay_as_they_are() -> None:
    body = base64.b64encode(b"\xff\xfe\x00").decode()
    assert redact({"body": body, "isBase64Encoded": True})["body"] == body
    assert redact({"body": "no base64!", "isBase64Encoded": True})["body"] == "no base64!"


def test_absent_secret_stays_absent() -> None:
    event: dict[str, Any] = {"x-api-key": "", "token": None, "cookies": [], "hasPassword": False}
    assert redact(event) == event


def test_json_too_deep_to_look_through_is_hidden() -> None:
    depth = 100_000
    text = "[" * depth + f'"{SECRET}"' + "]" * depth
    assert redact({"body": text}) == {"body": MARKER}


@given(json_values)
def test_redacting_twice_is_redacting_once(value: Any) -> None:
    once = redact(value)
    assert redact(once) == once


@given(st.sampled_from(SECRET_NAMES), json_values, st.lists(st.integers(0, 1), max_size=4))
def test_secret_does_not_survive_however_it_is_wrapped(
    name: str, beside: Any, wrappings: list[int]
) -> None:
    value: Any = {"beside": beside, name: SECRET}
    for wrapping in wrappings:
        value = {"body": json.dumps(value)} if wrapping else [value]
    assert SECRET not in json.dumps(redact(value))
