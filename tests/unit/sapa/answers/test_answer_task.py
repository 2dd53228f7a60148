"""Accepted messages in the queue."""

import pytest

from sapa.answers.answer import AnswerStatus
from sapa.answers.answer_task import AnswerTask
from sapa.errors import AnswerTaskError
from sapa.lambda_events import ConnectionEvent

EVENT = ConnectionEvent(
    connection_id="c1",
    request_id="r1",
    connected_at=1_700_000_000_000,
    request_time=1_700_000_001_000,
    username="ana",
    endpoint="story",
    session_id="s1",
    session_expires_at=1_700_000_600,
    session_key="k1",
)
TASK = AnswerTask(
    answer_id="a1",
    started_at=1_700_000_001_005,
    expires_at=1_700_090_000,
    event=EVENT,
    inputs={"words": 3, "language": "id"},
)


def test_a_task_survives_the_queue() -> None:
    assert AnswerTask.from_json(TASK.to_json()) == TASK


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"answer_id": "a"}', '{"event": {"x": 1}}'])
def test_other_messages_are_refused(body: str) -> None:
    with pytest.raises(AnswerTaskError):
        AnswerTask.from_json(body)


def test_the_answer_of_a_task_belongs_to_who_asked_and_goes_to_the_connection_that_asked() -> None:
    answer = TASK.answer()
    assert (answer.username, answer.endpoint, answer.status) == (
        "ana",
        "story",
        AnswerStatus.RUNNING,
    )
    [listener] = answer.listeners
    assert listener.connection_id == "c1"
    assert listener.expires_at == EVENT.session_expires_at
    assert answer.accepted() == {"$answer": "a1", "$channel": "answer:a1"}
