"""From a client's text to the frames that answer it.

All frames of a reply are made before the first is sent, so that a failure half-way or an item
that is too large leaves the client with one error frame and nothing half-sent.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from sapa.endpoints import business_process_of
from sapa.errors import MessageError, UnsupportedResultError
from sapa.gateway_events import ConnectionEvent
from sapa.inputs import Process, arguments
from sapa.messages import (
    MAX_FRAME_BYTES,
    MessageId,
    Ping,
    error_frame,
    is_too_large,
    parse,
    render,
)
from sapa.processes.business_process import Context
from sapa.refusals import RefusalError

type ProcessFinder = Callable[[str], Process]

# One post takes some 10 ms on AWS, and a message has 29 s.
MAX_FRAMES = 1_000


@dataclass(frozen=True, slots=True)
class Reply:
    """`frames` to send; `outcome` is `ok`, `pong` or an error code; `failure` is for the log."""

    frames: tuple[str, ...]
    outcome: str
    failure: BaseException | None = None


def context_of(message: ConnectionEvent) -> Context:
    """What a business process is told about the message that it answers."""
    return Context(
        username=message.username,
        connection_id=message.connection_id,
        endpoint=message.endpoint,
        request_id=message.request_id,
        received_at=message.request_time,
    )


def answer(text: str, context: Context, processes: ProcessFinder = business_process_of) -> Reply:
    """Answer one text frame; whatever it holds, the result is frames and never an exception."""
    message_id: MessageId | None = None
    try:
        inbound = parse(text)
        message_id = inbound.message_id
        if isinstance(inbound, Ping):
            frame = _sized(render({"$pong": inbound.value}, message_id))
            return Reply((frame,), "pong")
        process = processes(context.endpoint)
        return Reply(_run(process, inbound.inputs, context, message_id), "ok")
    except MessageError as error:
        return _refused(error, error.message_id if message_id is None else message_id)
    except RefusalError as refusal:
        error = MessageError(refusal.code, str(refusal), fields=refusal.fields)
        return _refused(error, message_id)
    # A business process is somebody's code: even sys.exit() in it must not end the environment.
    except (Exception, SystemExit) as failure:
        return _failed(failure, context.request_id, message_id)


def _run(
    process: Process,
    inputs: Mapping[str, object],
    context: Context,
    message_id: MessageId | None,
) -> tuple[str, ...]:
    values = arguments(process, inputs, context)
    frames: list[str] = []
    for item in _items(process(**values)):
        if len(frames) == MAX_FRAMES:
            raise MessageError("reply_too_large", f"The reply has more than {MAX_FRAMES} messages.")
        frames.append(_sized(render(_payload(process, item), message_id)))
    return tuple(frames)


def _items(result: object) -> Iterable[object]:
    items = result if isinstance(result, Iterator) else (result,)
    return (item for item in items if item is not None)


def _payload(process: Process, item: object) -> Mapping[str, object]:
    if isinstance(item, str):
        return {"message": str(item)}
    if isinstance(item, Mapping):
        item = dict(item)
    elif not isinstance(item, BaseModel) and (not is_dataclass(item) or isinstance(item, type)):
        problem = f"returned {type(item).__name__}, not a string, mapping, model, None or iterator"
        raise UnsupportedResultError(process.name, problem)
    content = to_jsonable_python(item)
    if not isinstance(content, dict):
        raise UnsupportedResultError(process.name, "returned a model that is no JSON object")
    reserved = [key for key in content if key.startswith("$")]
    if reserved:
        raise UnsupportedResultError(process.name, f"returned the reserved key {reserved[0]}")
    return content


def _sized(frame: str) -> str:
    if is_too_large(frame):
        raise MessageError("reply_too_large", f"The reply is larger than {MAX_FRAME_BYTES} bytes.")
    return frame


def _refused(error: MessageError, message_id: MessageId | None) -> Reply:
    error.message_id = message_id
    return Reply((error_frame(error),), error.code)


def _failed(failure: BaseException, request_id: str, message_id: MessageId | None) -> Reply:
    error = MessageError(
        "process_failed",
        "The message could not be processed; the request id leads to the cause in the log.",
        request_id=request_id,
        message_id=message_id,
    )
    return Reply((error_frame(error),), error.code, failure)
