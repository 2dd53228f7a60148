"""Runs the streaming process of an answer task."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from sapa.answers.answer_task import AnswerTask
from sapa.answers.writer import Run
from sapa.messages.inputs import arguments
from sapa.processes.business_process import Context, Process, RunningAnswer
from sapa.processes.endpoints import business_process_of
from sapa.processes.results import payload_of

if TYPE_CHECKING:
    from sapa.services import Services


type ProcessOf = Callable[[str], Process]


def is_restartable(task: AnswerTask, process_of: ProcessOf = business_process_of) -> bool:
    """Whether the process goes on where a function died.

    Raises `BusinessProcessError`, `UnknownEndpointError`.
    """
    return process_of(task.event.endpoint).restartable


def start_stream(
    task: AnswerTask,
    running: RunningAnswer,
    services: "Services",
    process_of: ProcessOf = business_process_of,
) -> Run:
    """Call the process; its generator runs when it is asked for parts.

    Raises `RefusalError`, `BusinessProcessError`, `UnknownEndpointError`.
    """
    process = process_of(task.event.endpoint)
    context = Context(task.event, services, _answer=running)
    # `BusinessProcess` has checked that it is a generator function.
    keywords = arguments(process, task.inputs, context)
    generator = cast("Iterator[object]", process.function(**keywords))

    def joined() -> dict[str, int]:
        channels = dict(context.joined)
        for channel in channels:
            context.joined.pop(channel, None)
        return channels

    return Run(generator=generator, joined=joined, payload=partial(payload_of, process))
