"""From a client's text to the frames that answer it.

All frames of a reply are made before the first is sent, so that a failure half-way or an item
that is too large leaves the client with one error frame and nothing half-sent.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace
from itertools import batched

from pydantic_core import to_jsonable_python

from sapa.connections.frames import (
    MAX_FRAME_BYTES,
    MessageId,
    Ping,
    Resume,
    error_frame,
    is_too_large,
    parse,
    render,
)
from sapa.errors import BusinessProcessError, MessageError, UnsupportedResultError
from sapa.lambda_events import ConnectionEvent
from sapa.messages.inputs import arguments, input_check
from sapa.processes.business_process import Context, Process
from sapa.processes.context import ChannelAccess
from sapa.processes.endpoints import DEFAULT_ENDPOINT, business_process_of
from sapa.refusals import RefusalError

type ProcessFinder = Callable[[str], Process]
type RateLimit = Callable[[str, str], int]
"""The milliseconds that a message of a connection and a user has to wait; 0 lets it pass."""
type Resuming = Callable[[Mapping[str, int], MessageId | None], Iterable[str]]
"""The frames that answer a `$resume` with these positions."""


# One post takes some 10 ms on AWS, and a message has 29 s.
MAX_FRAMES = 1_000
_CHANNELS_PER_FRAME = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """`frames` to send; `failure` is for the log.

    `outcome` is `ok`, `pong`, `resumed` or an error code.
    """

    frames: tuple[str, ...]
    outcome: str
    failure: BaseException | None = None


def context_of(message: ConnectionEvent, access: Callable[[], ChannelAccess]) -> Context:
    """What a business process is told about the message that it answers, and can do."""
    return Context(
        username=message.username,
        connection_id=message.connection_id,
        endpoint=message.endpoint,
        request_id=message.request_id,
        received_at=message.request_time,
        access=access,
    )


def ready() -> None:
    """Load what messages to the default endpoint run, before the first of them comes."""
    input_check(business_process_of(DEFAULT_ENDPOINT))


def _at_any_rate(connection_id: str, username: str) -> int:
    return 0


def _no_channels(positions: Mapping[str, int], message_id: MessageId | None) -> Iterable[str]:
    raise BusinessProcessError("$resume", "there are no channels here")


def answer(
    text: str,
    context: Context,
    processes: ProcessFinder = business_process_of,
    *,
    retry_after_ms: RateLimit = _at_any_rate,
    resume: Resuming = _no_channels,
) -> Reply:
    """Answer one text frame; whatever it holds, the result is frames and never an exception.

    What the business process joined is told first, also when it fails afterwards: it is done.
    """
    reply = _answer(text, context, processes, retry_after_ms, resume)
    return replace(reply, frames=(*_joined(context.joined), *reply.frames))


def _joined(channels: Mapping[str, int]) -> Iterator[str]:
    """Frames without `$id`, as they are no reply, each small enough to be posted."""
    for part in batched(channels.items(), _CHANNELS_PER_FRAME, strict=False):
        yield render({"$joined": dict(part)}, None)


def _answer(
    text: str,
    context: Context,
    processes: ProcessFinder,
    retry_after_ms: RateLimit,
    resume: Resuming,
) -> Reply:
    message_id: MessageId | None = None
    try:
        wait = retry_after_ms(context.connection_id, context.username)
        inbound = parse(text)
        message_id = inbound.message_id
        _check_rate(wait)
        if isinstance(inbound, Ping):
            frame = _sized(render({"$pong": inbound.value}, message_id))
            return Reply((frame,), "pong")
        if isinstance(inbound, Resume):
            return Reply(tuple(resume(inbound.positions, message_id)), "resumed")
        process = processes(context.endpoint)
        return Reply(_run(process, inbound.inputs, context, message_id), "ok")
    except MessageError as error:
        return _refused(error, error.message_id if message_id is None else message_id)
    except RefusalError as refusal:
        told = MessageError(refusal.code, str(refusal), fields=refusal.fields)
        return _refused(told, message_id)
    # A business process is somebody's code: even sys.exit() in it must not end the environment.
    except (Exception, SystemExit) as failure:
        return _failed(failure, context.request_id, message_id)


def _check_rate(wait: int) -> None:
    if wait:
        text = "Messages come too fast. Wait as long as retry_after_ms says."
        raise MessageError("rate_limited", text, retry_after_ms=wait)


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
    elif not _is_model(item) and (not is_dataclass(item) or isinstance(item, type)):
        problem = f"returned {type(item).__name__}, not a string, mapping, model, None or iterator"
        raise UnsupportedResultError(process.name, problem)
    content = to_jsonable_python(item)
    if not isinstance(content, dict):
        raise UnsupportedResultError(process.name, "returned a model that is no JSON object")
    reserved = [key for key in content if key.startswith("$")]
    if reserved:
        raise UnsupportedResultError(process.name, f"returned the reserved key {reserved[0]}")
    return content


def _is_model(item: object) -> bool:
    # Whose process returns one has imported pydantic; the others are spared it.
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(item, pydantic.BaseModel)


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
