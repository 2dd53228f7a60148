import json

import pytest

from local_gateway.core import management
from local_gateway.core.http import Headers, Pairs, Request, Response
from tests.unit.local_gateway.core.samples import CONNECTED_AT

COMPLETE = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID/x&X-Amz-Date=20240209T181143Z"
    "&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
)
SIGNED = "AWS4-HMAC-SHA256 Credential=AKID/20240209/eu-west-1/execute-api/aws4_request"


@pytest.mark.parametrize(
    ("response", "status", "error_type", "message"),
    [
        (management.GONE, 410, "GoneException", None),
        (management.malformed("x"), 400, "BadRequestException", "Invalid connectionId: x"),
        (management.forbidden(), 403, "ForbiddenException", "Forbidden"),
        (
            management.forbidden(management.MISSING_TOKEN),
            403,
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ),
        (management.PAYLOAD_TOO_LARGE, 413, "PayloadTooLargeException", "Payload Too Large"),
        (management.LIMIT_EXCEEDED, 429, "LimitExceededException", None),
    ],
)
def test_errors_name_their_type_for_the_sdks(
    response: Response, status: int, error_type: str, message: str | None
) -> None:
    assert response.status == status
    assert dict(response.headers)["x-amzn-ErrorType"] == error_type
    if message is None:
        assert response.body == b""
        assert "Content-Type" not in dict(response.headers)
    else:
        assert json.loads(response.body) == {"message": message}
        assert dict(response.headers)["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (management.forbidden(), "ForbiddenException: Forbidden"),
        (management.GONE, "GoneException"),
        (management.OK, None),
    ],
)
def test_the_log_names_what_is_refused(response: Response, error: str | None) -> None:
    assert management.error_of(response) == error


def test_success_has_no_body() -> None:
    assert Response(200) == management.OK
    assert Response(204) == management.DELETED


@pytest.mark.parametrize("user_agent", ["Probe/1", None])
def test_a_description_spells_members_and_times_as_the_service_model(
    user_agent: str | None,
) -> None:
    described = management.description(CONNECTED_AT, CONNECTED_AT + 1_000, "192.0.2.7", user_agent)
    assert described.status == 200
    assert json.loads(described.body) == {
        "connectedAt": "2024-02-09T18:11:43.042Z",
        "identity": {"sourceIp": "192.0.2.7", "userAgent": user_agent},
        "lastActiveAt": "2024-02-09T18:11:44.042Z",
    }


@pytest.mark.parametrize(
    ("headers", "query_string", "is_signed"),
    [
        ((("Authorization", SIGNED),), "", True),
        ((("authorization", SIGNED),), "", True),
        ((), COMPLETE, True),
        ((), "X-Amz-Algorithm=AWS4-HMAC-SHA256", False),
        ((), COMPLETE.replace("X-Amz-Credential=AKID/x&", ""), False),
        ((), COMPLETE.replace("X-Amz-Expires=60", "X-Amz-Expires="), False),
        ((), COMPLETE.replace("X-Amz-Signature", "X-Signature"), False),
        ((), "", False),
        ((("Authorization", "Bearer x"),), "", False),
        ((("Authorization", "AWS4-HMAC-SHA256"),), "", False),
        ((("Host", "h"),), "X-Amz-Algorithm=none", False),
    ],
)
def test_a_signature_is_in_a_header_or_in_the_query(
    headers: Pairs, query_string: str, is_signed: bool
) -> None:
    request = Request(method="GET", path="/", query_string=query_string, headers=Headers(headers))
    assert management.is_signed(request) is is_signed
