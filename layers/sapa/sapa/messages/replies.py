"""From a client's text frame to the frames that answer it, and to the client.

All frames of a reply are made before the first is sent. So a failure half-way, or an item that is
too large, leaves the client with one error frame and never with half a reply.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import batched
from typing import TYPE_CHECKING, Any

from sapa.connections.frames import (
    MAX_FRAME_BYTES,
    Control,
    Message,
    MessageId,
    Ping,
    Resume,
    Stop,
    decode,
    id_of,
    is_too_large,
    parse,
    render,
)
from sapa.errors import ConnectionGoneError, RefusalError, TooManyAnswersError, session_ended
from sapa.lambda_events import ConnectionEvent
from sapa.messages.inputs import arguments
from sapa.messages.once import Result, once_key
from sapa.processes.business_process import Context, Process
from sapa.processes.endpoints import business_process_of
from sapa.processes.results import payload_of

if TYPE_CHECKING:
    from sapa.services import Services

# One post takes some 10 ms on AWS, and a message has 29 s.
MAX_FRAMES = 1_000
_CHANNELS_PER_FRAME = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """`frames` to send; `failure` is for the log.

    `outcome` is `ok`, `pong`, `resumed` or an error code. With `closes`, the socket is closed after
    the frames.
    """

    frames: tuple[str, ...]
    outcome: str
    failure: BaseException | None = None
    closes: bool = False


def answer(
    text: str,
    event: ConnectionEvent,
    services: "Services",
    process_of: Callable[[str], Process] = business_process_of,
) -> Reply:
    """Answer the text frame of an event; the result is always frames and never an exception.

    `$joined` comes first, also when the business process fails after it has joined a channel.
    """
    message_id: MessageId | None = None
    if event.is_session_over:
        # Before anything else: whatever the message is, it comes without a login.
        return Reply((render(session_ended().as_json()),), "session_ended", closes=True)
    context = Context(event, services)
    try:
        wait = services.rate_limits.retry_after_ms(event.connection_id, event.username)
        content = decode(text)
        message_id = id_of(content)
        message = parse(content)
        _check_rate(wait)
        if not isinstance(message, Message):
            return _controlled(message, context, services, message_id)
        process = process_of(event.endpoint)
        keywords = arguments(process, message.inputs, context)
        if message.once is None:
            result = _run(process, keywords, message, context, services)
        else:
            result = _run_once(process, keywords, message, message.once, context, services)
        frames = [_sized(render(payload, message_id)) for payload in result.payloads]
        if result.is_repeated and result.answer_id is not None:
            frames += services.answers.frames(context.subscriber(), result.answer_id)
        reply = Reply(tuple(frames), result.outcome)
    except RefusalError as refusal:
        reply = Reply((render(refusal.as_json(), message_id),), refusal.code)
    # A business process is somebody's code: even sys.exit() in it must not end the environment.
    except (Exception, SystemExit) as failure:
        reply = _failed(failure, event.request_id, message_id)
    if context.joined:
        return Reply((*_joined(context.joined), *reply.frames), reply.outcome, reply.failure)
    return reply


def post(reply: Reply, connection_id: str, services: "Services") -> bool:
    """Post the frames in order; false when the client is gone.

    A gone connection is removed at once: `$disconnect` may never come for it. Raises
    `DeliveryError`, and the errors of the removal.
    """
    try:
        for frame in reply.frames:
            services.sender.post(connection_id, frame)
        if reply.closes:
            services.sender.close(connection_id)
    except ConnectionGoneError:
        services.remove_connection(connection_id)
        return False
    return True


def _controlled(
    control: Control, context: Context, services: "Services", message_id: MessageId | None
) -> Reply:
    """Answer what belongs to the protocol."""
    match control:
        case Ping(value):
            return Reply((_sized(render({"$pong": value}, message_id)),), "pong")
        case Resume(positions):
            frames = services.resumer.frames(context.subscriber(), positions, message_id)
            return Reply(tuple(frames), "resumed")
        case Stop(answer_id):
            services.answers.stop(context.username, answer_id)
            return Reply((render({"$stopping": answer_id}, message_id),), "stopping")
        case _:
            answers = services.answers.of_user(context.username)
            return Reply((_sized(render({"$answers": answers}, message_id)),), "answers")


def _joined(channels: Mapping[str, int]) -> Iterator[str]:
    """Frames without `$id`, as they are not a reply, each small enough to be posted."""
    for part in batched(channels.items(), _CHANNELS_PER_FRAME, strict=False):
        yield render({"$joined": dict(part)})


def _check_rate(wait: int) -> None:
    if wait:
        text = "Messages come too fast. Wait as long as retry_after_ms says."
        raise RefusalError("rate_limited", text, retry_after_ms=wait)


def _run_once(
    process: Process,
    keywords: dict[str, Any],
    message: Message,
    once: str,
    context: Context,
    services: "Services",
) -> Result:
    """The result of an earlier message with the same key, or else of this one, which is kept."""
    key = once_key(context.event, once)
    earlier = services.once.earlier(key, message.inputs)
    if earlier is not None:
        return _follow(earlier, context, services)
    try:
        try:
            result = _run(process, keywords, message, context, services)
        except TooManyAnswersError:
            raise  # nothing has happened
        except RefusalError as refusal:
            result = Result(payloads=(refusal.as_json(),), outcome=refusal.code)
    except BaseException:
        services.once.forget(key)
        raise
    kept = replace(result, joined=tuple(context.joined), left=tuple(context.left))
    services.once.keep(key, kept)
    return result


def _follow(earlier: Result, context: Context, services: "Services") -> Result:
    """Leave this socket where the first run has left its own."""
    for channel in earlier.joined:
        if services.membership.may_resume(context.subscriber(), channel):
            context.join(channel)
    for channel in earlier.left:
        context.leave(channel)
    return replace(earlier, is_repeated=True)


def _run(
    process: Process,
    keywords: dict[str, Any],
    message: Message,
    context: Context,
    services: "Services",
) -> Result:
    if process.is_stream:
        accepted = services.answers.ask(context.event, message.inputs)
        return Result(
            payloads=(accepted.accepted(),), outcome="accepted", answer_id=accepted.answer_id
        )
    result = process.function(**keywords)
    items: Iterable[object] = result if isinstance(result, Iterator) else (result,)
    payloads: list[Mapping[str, object]] = []
    for item in items:
        if item is None:
            continue
        if len(payloads) == MAX_FRAMES:
            raise RefusalError("reply_too_large", f"The reply has more than {MAX_FRAMES} messages.")
        payload = payload_of(process, item)
        _sized(render(payload))
        payloads.append(payload)
    return Result(payloads=tuple(payloads))


def _sized(frame: str) -> str:
    if is_too_large(frame):
        raise RefusalError("reply_too_large", f"The reply is larger than {MAX_FRAME_BYTES} bytes.")
    return frame


def _failed(failure: BaseException, request_id: str, message_id: MessageId | None) -> Reply:
    error = RefusalError(
        "process_failed",
        "The message could not be processed; the request id leads to the cause in the log.",
        request_id=request_id,
    )
    return Reply((render(error.as_json(), message_id),), error.code, failure)
