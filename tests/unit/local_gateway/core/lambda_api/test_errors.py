"""Errors of the Lambda API as SDKs parse them."""

import json

from local_gateway.core.lambda_api.errors import (
    LambdaApiError,
    ThrottledError,
    function_not_found,
    recursive_loop,
)


def test_error_names_its_type_and_its_side() -> None:
    response = function_not_found("arn").response("id")
    assert response.status == 404
    assert response.headers.get("x-amzn-ErrorType") == "ResourceNotFoundException"
    assert response.headers.get("x-amzn-RequestId") == "id"
    assert json.loads(response.body) == {"Type": "User", "Message": "Function not found: arn"}


def test_throttle_says_which_limit_is_reached() -> None:
    response = ThrottledError().response("id")
    assert response.status == 429
    assert json.loads(response.body) == {
        "Type": "User",
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "message": "Rate Exceeded.",
    }


def test_fault_of_the_service_is_said_to_be_one() -> None:
    response = LambdaApiError(503, "ServiceException", "not ready").response("id")
    assert json.loads(response.body) == {"Type": "Service", "message": "not ready"}


def test_recursive_loop_has_a_sentence_for_the_developer() -> None:
    assert recursive_loop("F calls itself").detail == "F calls itself"
