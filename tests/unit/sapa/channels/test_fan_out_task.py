"""Fan-out tasks as bodies of messages."""

import pytest

from sapa.channels.fan_out_task import FanOutTask, Recipient, Shards
from sapa.errors import FanOutTaskError

TASK = FanOutTask(channel="chat:lobby", content={"$sequence": 1})


@pytest.mark.parametrize(
    "task",
    [
        TASK,
        TASK.within(Shards(2, 4, "c7")),
        TASK.again_for([Recipient("c1", 7)], 3),
        FanOutTask(channel="a", content={}, exclude="c1"),
    ],
)
def test_task_comes_back_from_json(task: FanOutTask) -> None:
    assert FanOutTask.from_json(task.to_json()) == task


def test_what_sqs_refuses_is_escaped_and_arrives() -> None:
    task = FanOutTask(channel="c", content={"a": "\ufffe\uffff\x00"})
    body = task.to_json()
    assert not {"\ufffe", "\uffff", "\x00"} & set(body)
    assert FanOutTask.from_json(body) == task


@pytest.mark.parametrize(
    "body",
    ["", "[]", "null", "{}", '{"channel":"a"}', '{"channel":"a","content":{},"recipients":[1]}'],
)
def test_a_body_that_is_not_ours_is_an_error(body: str) -> None:
    with pytest.raises(FanOutTaskError):
        FanOutTask.from_json(body)
