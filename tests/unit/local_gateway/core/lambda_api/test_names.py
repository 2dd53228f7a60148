"""The names by which a function can be called, and those that lead nowhere."""

from dataclasses import replace

import pytest

from local_gateway.core.lambda_api.errors import LambdaApiError
from local_gateway.core.lambda_api.names import find_target
from tests.support.applications import ACCOUNT, REGION, application

FUNCTION = application().functions["Connect"]
APPLICATION = replace(application(), qualifiers={"Connect": {"live": "1", "1": "1"}})


@pytest.mark.parametrize(
    ("text", "qualifier", "version"),
    [
        (FUNCTION.name, None, "$LATEST"),
        (FUNCTION.name, "$LATEST", "$LATEST"),
        (FUNCTION.name, "live", "1"),
        (FUNCTION.name, "1", "1"),
        (f"{FUNCTION.name}:live", None, "1"),
        (f"{FUNCTION.name}:live", "live", "1"),
        (f"function:{FUNCTION.name}", None, "$LATEST"),
        (f"{ACCOUNT}:function:{FUNCTION.name}:live", None, "1"),
        (FUNCTION.arn, None, "$LATEST"),
        (f"{FUNCTION.arn}:live", None, "1"),
        (f"{FUNCTION.arn}:$LATEST", None, "$LATEST"),
    ],
)
def test_name_or_arn_whole_or_partial(text: str, qualifier: str | None, version: str) -> None:
    target = find_target(APPLICATION, text, qualifier)
    assert (target.function, target.version) == (FUNCTION, version)


@pytest.mark.parametrize(
    ("text", "qualifier", "status", "message"),
    [
        ("other", None, 404, f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:oth"),
        (FUNCTION.name, "next", 404, f"Function not found: {FUNCTION.arn}:next"),
        (FUNCTION.name, "2", 404, f"Function not found: {FUNCTION.arn}:2"),
        (f"{FUNCTION.name}:live", "1", 400, "The derived qualifier from the function name does"),
        (f"999999999999:function:{FUNCTION.name}", None, 404, "Function not found: arn:aws:lamb"),
        (
            f"arn:aws:lambda:us-west-1:{ACCOUNT}:function:{FUNCTION.name}",
            None,
            404,
            f"Functions from 'us-west-1' are not reachable in this region ('{REGION}')",
        ),
        ("no name", None, 400, "1 validation error detected: Value 'no name' at 'functionName'"),
        ("x" * 171, None, 400, "1 validation error detected"),
        (FUNCTION.name, "a b", 400, "1 validation error detected: Value 'a b' at 'qualifier'"),
        (FUNCTION.name, "", 400, "1 validation error detected: Value '' at 'qualifier'"),
    ],
)
def test_what_leads_nowhere(text: str, qualifier: str | None, status: int, message: str) -> None:
    with pytest.raises(LambdaApiError) as raised:
        find_target(APPLICATION, text, qualifier)
    assert raised.value.status == status
    assert str(raised.value).startswith(message)


def test_function_without_versions_has_no_qualifier_but_latest() -> None:
    with pytest.raises(LambdaApiError) as raised:
        find_target(application(), FUNCTION.name, "live")
    assert "the functions are: " in raised.value.detail
