"""The management API adapter against botocore's own reading of API Gateway's answers."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from sapa.adapters.clients import management_api_client
from sapa.adapters.management_api import ManagementApiSender
from sapa.errors import ConnectionGoneError, DeliveryError
from tests.integration.sapa.aws import ManagementApi, management_api

CONNECTION_ID = "ejHATtlbE_KkAiU="


@pytest.fixture
def api(credentials: None) -> Iterator[ManagementApi]:
    """A management API on a real socket."""
    with management_api() as api:
        yield api


def test_frame_arrives_with_the_id_unchanged(api: ManagementApi) -> None:
    sender = ManagementApiSender(management_api_client(api.url))
    sender.post(CONNECTION_ID, '{"message": "Halo! 👋"}')
    sender.close(CONNECTION_ID)
    assert api.posted == [(CONNECTION_ID, {"message": "Halo! 👋"})]
    assert api.closed == [CONNECTION_ID]


def test_gone_on_the_wire_is_gone(api: ManagementApi) -> None:
    api.gone.add(CONNECTION_ID)
    sender = ManagementApiSender(management_api_client(api.url))
    with pytest.raises(ConnectionGoneError) as gone:
        sender.post(CONNECTION_ID, "{}")
    assert gone.value.connection_id == CONNECTION_ID
    with pytest.raises(ConnectionGoneError):
        sender.close(CONNECTION_ID)


@pytest.mark.parametrize("code", ["GoneException", "410"])
def test_gone_is_told_by_the_status(credentials: None, code: str) -> None:
    client = management_api_client("https://example.invalid/ws")
    with Stubber(client) as stub:
        stub.add_client_error("post_to_connection", code, http_status_code=410)
        with pytest.raises(ConnectionGoneError):
            ManagementApiSender(client).post(CONNECTION_ID, "{}")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "BadRequestException"),
        (403, "ForbiddenException"),
        (413, "PayloadTooLargeException"),
        (429, "LimitExceededException"),
        (500, "InternalServerError"),
    ],
)
def test_other_refusals_are_delivery_errors(credentials: None, status: int, code: str) -> None:
    client = management_api_client("https://example.invalid/ws")
    with Stubber(client) as stub:
        stub.add_client_error("post_to_connection", code, http_status_code=status)
        with pytest.raises(DeliveryError) as refused:
            ManagementApiSender(client).post(CONNECTION_ID, "{}")
    assert (refused.value.connection_id, refused.value.reason) == (CONNECTION_ID, code)


def test_silence_is_a_delivery_error(credentials: None) -> None:
    client = management_api_client("https://example.invalid/ws")

    def time_out(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://example.invalid/ws")

    client.meta.events.register("before-send.apigatewaymanagementapi", time_out)
    with pytest.raises(DeliveryError, match="ReadTimeoutError"):
        ManagementApiSender(client).post(CONNECTION_ID, "{}")
