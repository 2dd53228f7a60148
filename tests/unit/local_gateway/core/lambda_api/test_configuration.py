"""What the Lambda API says about functions."""

import json
from dataclasses import replace
from typing import Any

import pytest

from local_gateway.core.http import Request
from local_gateway.core.lambda_api.configuration import describe
from local_gateway.core.lambda_api.errors import LambdaApiError
from tests.support.applications import application

FUNCTION = replace(
    application().functions["Connect"],
    environment={"SIZE": "1", "LOCAL_GATEWAY_HOSTS": "internal"},
)
APPLICATION = replace(
    application(), functions={"Connect": FUNCTION}, qualifiers={"Connect": {"live": "1"}}
)


def ask(path: str, query: str = "") -> Any:
    request = Request(method="GET", path=f"/2015-03-31/functions{path}", query_string=query)
    return json.loads(describe(APPLICATION, request).body)


def test_configuration_of_a_function() -> None:
    found = ask(f"/{FUNCTION.name}/configuration")
    assert found["FunctionArn"] == FUNCTION.arn
    assert found["Version"] == "$LATEST"
    assert found["Environment"] == {"Variables": {"SIZE": "1"}}
    assert (found["State"], found["Timeout"]) == ("Active", FUNCTION.timeout)


def test_function_with_its_code_and_the_version_behind_an_alias() -> None:
    found = ask(f"/{FUNCTION.name}", "Qualifier=live")
    assert found["Configuration"]["FunctionArn"] == f"{FUNCTION.arn}:live"
    assert found["Configuration"]["Version"] == "1"
    assert found["Code"]["Location"].startswith("file://")


def test_list_of_functions() -> None:
    assert [item["FunctionName"] for item in ask("/")["Functions"]] == [FUNCTION.name]


@pytest.mark.parametrize("path", ["/nobody", f"/{FUNCTION.name}/policy"])
def test_what_is_not_here(path: str) -> None:
    with pytest.raises(LambdaApiError) as raised:
        ask(path)
    assert raised.value.status == 404
