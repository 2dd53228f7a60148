import json
from collections.abc import Callable

import pytest

from local_gateway.core.websocket import error_frames
from tests.unit.local_gateway.core.samples import CONNECTION_ID, REQUEST_ID


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (error_frames.forbidden, "Forbidden"),
        (error_frames.internal_server_error, "Internal server error"),
        (error_frames.too_many_requests, "Too Many Requests"),
        (error_frames.invalid_request_body, "Invalid request body"),
    ],
)
def test_a_frame_has_three_members_and_the_captured_spacing(
    frame: Callable[[str, str], str], message: str
) -> None:
    text = frame(CONNECTION_ID, REQUEST_ID)
    assert text == (
        f'{{"message": "{message}", "connectionId":"{CONNECTION_ID}", "requestId":"{REQUEST_ID}"}}'
    )
    assert list(json.loads(text).values()) == [message, CONNECTION_ID, REQUEST_ID]
