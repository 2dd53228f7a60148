"""The management API adapter on real sockets, with what API Gateway can answer."""

from collections.abc import Iterator

import pytest

from sapa.aws.endpoint import Retries
from sapa.errors import ConnectionGoneError, DeliveryError
from sapa.stores.management_api import ManagementApiSender
from tests.integration.sapa.faulty_api import (
    GONE,
    OK,
    FaultyApi,
    answered,
    client_of,
    failed,
)

CONNECTION_ID = "ejHATtlbE_KkAiU="
ENCODED = "ejHATtlbE_KkAiU%3D"


@pytest.fixture
def sender(api: FaultyApi, pauses: list[float]) -> Iterator[ManagementApiSender]:
    """One that waits for half a second and tries three times."""
    endpoint = client_of(api.url, "execute-api")
    yield ManagementApiSender(endpoint, Retries(attempts=3, sleep=pauses.append, jitter=lambda: 1))
    endpoint.close()


def test_frame_arrives_with_the_id_unchanged(api: FaultyApi, sender: ManagementApiSender) -> None:
    api.answers[ENCODED] = [OK, b"HTTP/1.1 204 No Content\r\n\r\n"]
    sender.post(CONNECTION_ID, '{"message": "Halo! 👋"}')
    sender.close(CONNECTION_ID)
    posted, closed = api.posted
    assert (posted.method, posted.path) == ("POST", f"/ws/@connections/{ENCODED}")
    assert posted.body.decode() == '{"message": "Halo! 👋"}'
    assert (closed.method, closed.path, closed.body) == ("DELETE", posted.path, b"")
    assert api.sockets == 1


@pytest.mark.parametrize("answer", [GONE, answered(410, "")])
def test_gone_is_told_by_the_status(
    api: FaultyApi, sender: ManagementApiSender, answer: bytes
) -> None:
    api.answers[ENCODED] = [answer]
    with pytest.raises(ConnectionGoneError) as gone:
        sender.post(CONNECTION_ID, "{}")
    assert gone.value.connection_id == CONNECTION_ID
    with pytest.raises(ConnectionGoneError):
        sender.close(CONNECTION_ID)
    assert len(api.posted) == 2


@pytest.mark.parametrize(
    ("status", "code", "tries"),
    [
        (400, "BadRequestException", 1),
        (403, "ForbiddenException", 1),
        (413, "PayloadTooLargeException", 1),
        (429, "LimitExceededException", 3),
        (500, "InternalServerError", 3),
        (503, "", 3),
    ],
)
def test_other_refusals_are_delivery_errors(
    api: FaultyApi, sender: ManagementApiSender, status: int, code: str, tries: int
) -> None:
    header = f"x-amzn-ErrorType: {code}:http://internal/\r\n" if code else ""
    api.answers[ENCODED] = [answered(status, "{}", header)]
    with pytest.raises(DeliveryError) as refused:
        sender.post(CONNECTION_ID, "{}")
    assert refused.value.connection_id == CONNECTION_ID
    assert refused.value.reason == (code or f"HTTP {status}")
    assert len(api.posted) == tries


def test_what_passes_is_tried_again(
    api: FaultyApi, sender: ManagementApiSender, pauses: list[float]
) -> None:
    api.answers[ENCODED] = [failed(429), failed(500), OK]
    sender.post(CONNECTION_ID, "{}")
    assert len(api.posted) == 3
    # The first after throttling, the second after another failure.
    assert pauses == [1.0, 0.1]


def test_silence_is_a_delivery_error(api: FaultyApi, sender: ManagementApiSender) -> None:
    api.slow.add(ENCODED)
    with pytest.raises(DeliveryError, match="TimeoutError"):
        sender.post(CONNECTION_ID, "{}")
    assert len(api.posted) == 3
