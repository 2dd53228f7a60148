import json
from urllib.parse import quote

import pytest

from local_gateway.core import ids, management
from local_gateway.core.management import ManagementResponse
from tests.unit.local_gateway.core.samples import CONNECTED_AT, CONNECTION_ID, identity

SIGNED = "AWS4-HMAC-SHA256 Credential=AKID/20240209/eu-west-1/execute-api/aws4_request"


@pytest.mark.parametrize(
    ("response", "status", "error_type", "message"),
    [
        (management.gone(), 410, "GoneException", None),
        (management.malformed("x"), 400, "BadRequestException", "Invalid connectionId: x"),
        (management.forbidden("Forbidden"), 403, "ForbiddenException", "Forbidden"),
        (
            management.forbidden(management.MISSING_TOKEN),
            403,
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ),
        (management.payload_too_large(), 413, "PayloadTooLargeException", "Payload Too Large"),
        (management.limit_exceeded(), 429, "LimitExceededException", None),
    ],
)
def test_errors_name_their_type_for_the_sdks(
    response: ManagementResponse, status: int, error_type: str, message: str | None
) -> None:
    assert response.status == status
    assert dict(response.headers)["x-amzn-ErrorType"] == error_type
    if message is None:
        assert response.body == b""
        assert "Content-Type" not in dict(response.headers)
    else:
        assert json.loads(response.body) == {"message": message}
        assert dict(response.headers)["Content-Type"] == "application/json"


def test_success_has_no_body() -> None:
    assert management.ok() == ManagementResponse(200, (), b"")
    assert management.deleted() == ManagementResponse(204, (), b"")


@pytest.mark.parametrize("user_agent", ["Probe/1", None])
def test_a_description_spells_members_and_times_as_the_service_model(
    user_agent: str | None,
) -> None:
    described = management.description(
        identity(user_agent=user_agent), CONNECTED_AT, CONNECTED_AT + 1_000
    )
    assert described.status == 200
    assert json.loads(described.body) == {
        "connectedAt": "2024-02-09T18:11:43.042Z",
        "identity": {"sourceIp": "192.0.2.7", "userAgent": user_agent},
        "lastActiveAt": "2024-02-09T18:11:44.042Z",
    }


def test_the_encoded_id_in_a_path_is_read_back() -> None:
    assert management.connection_id_of(quote(CONNECTION_ID, safe="")) == CONNECTION_ID
    assert management.connection_id_of(CONNECTION_ID) == CONNECTION_ID
    assert not ids.is_well_formed_id(management.connection_id_of("%FF" * 16))


@pytest.mark.parametrize(
    ("headers", "query", "problem"),
    [
        ((("Authorization", SIGNED),), (), None),
        ((("authorization", SIGNED),), (), None),
        ((), (("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),), None),
        ((), (), management.MISSING_TOKEN),
        ((("Authorization", "Bearer x"),), (), management.MISSING_TOKEN),
        ((("Authorization", "AWS4-HMAC-SHA256"),), (), management.MISSING_TOKEN),
        ((("Host", "h"),), (("X-Amz-Algorithm", "none"),), management.MISSING_TOKEN),
    ],
)
def test_only_a_signed_request_has_no_problem(
    headers: tuple[tuple[str, str], ...],
    query: tuple[tuple[str, str], ...],
    problem: str | None,
) -> None:
    assert management.signature_problem(headers, query) == problem
