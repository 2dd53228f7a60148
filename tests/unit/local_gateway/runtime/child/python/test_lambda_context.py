"""The context object of our own bootstrap, also what API Gateway never fills."""

import json
import time

import pytest

from local_gateway.runtime.child.python.lambda_context import LambdaContext

HEADERS = {
    "lambda-runtime-aws-request-id": "id",
    "lambda-runtime-deadline-ms": "0",
    "lambda-runtime-invoked-function-arn": "arn",
}


def test_variables_and_headers_become_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "fn")
    context = LambdaContext(HEADERS)
    assert (context.aws_request_id, context.invoked_function_arn) == ("id", "arn")
    assert context.function_name == "fn"
    assert context.client_context is None
    assert context.identity.cognito_identity_id is None


def test_the_remaining_time_ends_at_nought() -> None:
    assert LambdaContext(HEADERS).get_remaining_time_in_millis() == 0
    deadline = str(int(time.time() * 1000) + 60_000)
    remaining = LambdaContext(
        HEADERS | {"lambda-runtime-deadline-ms": deadline}
    ).get_remaining_time_in_millis()
    assert 0 < remaining <= 60_000


def test_a_mobile_client_s_context_and_identity() -> None:
    client = {"custom": {"a": 1}, "env": {"b": 2}, "client": {"app_title": "t"}}
    identity = {"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}
    context = LambdaContext(
        HEADERS
        | {
            "lambda-runtime-client-context": json.dumps(client),
            "lambda-runtime-cognito-identity": json.dumps(identity),
        }
    )
    found = context.client_context
    assert found is not None
    assert vars(found) | {"client": vars(found.client)} == {
        "custom": {"a": 1},
        "env": {"b": 2},
        "client": {
            "installation_id": None,
            "app_title": "t",
            "app_version_name": None,
            "app_version_code": None,
            "app_package_name": None,
        },
    }
    assert context.identity.cognito_identity_id == "i"
    assert context.identity.cognito_identity_pool_id == "p"


def test_log_writes_to_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    LambdaContext(HEADERS).log({"a": 1})
    assert capsys.readouterr().out == "{'a': 1}"
