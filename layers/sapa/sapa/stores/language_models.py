"""Language models: Amazon Bedrock's, and those behind an API like OpenAI's.

Nothing of questions and answers is logged: what a service says about an error may repeat them, so
only its code is. Sources: Amazon Bedrock API reference, "ConverseStream"; OpenAI API reference,
"Chat Completions", and the HTML standard, "Server-sent events".
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from sapa.aws.endpoint import Body, Retries
from sapa.aws.event_stream import EventStreamDecoder, EventStreamError, EventStreamMessage
from sapa.aws.http_connection import BrokenConnectionError
from sapa.aws.http_stream import HttpStream, StreamingEndpoint, UnwantedError
from sapa.errors import LanguageModelError
from sapa.observability import logger
from sapa.processes.language_model import ModelFailure, Turn

# Few enough to bound what an answer costs; the answer's end says so.
MAX_ANSWER_TOKENS = 2048
MAX_EVENT_BYTES = 1024 * 1024
_MAX_ERROR_BYTES = 65_536
_FIRST_PAUSE = 0.5
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_STATUSES: Mapping[int, ModelFailure] = {
    HTTPStatus.TOO_MANY_REQUESTS: ModelFailure.BUSY,
    HTTPStatus.SERVICE_UNAVAILABLE: ModelFailure.BUSY,
    HTTPStatus.REQUEST_TIMEOUT: ModelFailure.TIMEOUT,
    # Bedrock's ModelErrorException.
    HTTPStatus.FAILED_DEPENDENCY: ModelFailure.FAILED,
}
_EXCEPTIONS: Mapping[str, ModelFailure] = {
    "throttlingException": ModelFailure.BUSY,
    "serviceUnavailableException": ModelFailure.BUSY,
    "modelTimeoutException": ModelFailure.TIMEOUT,
    "validationException": ModelFailure.REFUSED,
}
# All others are natural ends.
_ENDS: Mapping[str, ModelFailure] = {
    # Bedrock
    "max_tokens": ModelFailure.LENGTH,
    "model_context_window_exceeded": ModelFailure.LENGTH,
    "guardrail_intervened": ModelFailure.FILTERED,
    "content_filtered": ModelFailure.FILTERED,
    "malformed_model_output": ModelFailure.FAILED,
    # OpenAI
    "length": ModelFailure.LENGTH,
    "content_filter": ModelFailure.FILTERED,
}

type Headers = Mapping[str, str]


class _HttpModel(ABC):
    """What the models have in common: a request, and how it fails.

    Before the first event, a request is sent again after throttling, a 5xx or a lost connection.
    """

    _content_type: bytes

    def __init__(
        self, endpoint: StreamingEndpoint, model_id: str, *, system_prompt: str, retries: Retries
    ) -> None:
        self.system_prompt = system_prompt
        self._endpoint = endpoint
        self._model_id = model_id
        self._retries = retries

    def answer(
        self,
        question: str,
        before: Sequence[Turn] = (),
        *,
        instructions: str = "",
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Generator[str]:
        """The answer in texts as they come. Raises `LanguageModelError`."""
        content = self._request(question, before, instructions)
        body = Body.from_bytes(json.dumps(content).encode())
        try:
            with _transport_failures(), self._response(body, is_wanted) as response:
                yield from self._texts(response)
        except UnwantedError:
            return

    @property
    @abstractmethod
    def _path(self) -> str:
        """Where requests go."""

    @abstractmethod
    def _request(
        self, question: str, before: Sequence[Turn], instructions: str
    ) -> Mapping[str, Any]:
        """The content of a request."""

    @abstractmethod
    def _texts(self, response: HttpStream) -> Iterator[str]:
        """The texts in a response. Raises `LanguageModelError`."""

    def _response(self, body: Body, is_wanted: Callable[[], bool]) -> HttpStream:
        headers = {"content-type": "application/json"}
        for attempt in range(1, self._retries.attempts + 1):
            is_last = attempt == self._retries.attempts
            try:
                response = self._endpoint.post(self._path, body, headers, is_wanted)
            except TimeoutError:
                raise  # The model may be at work: another request would cost twice.
            except (BrokenConnectionError, OSError) as error:
                if is_last:
                    raise ModelFailure.UNREACHABLE.error(type(error).__name__) from error
            else:
                if response.status == HTTPStatus.OK:
                    return self._checked(response)
                refusal = _refusal(response)
                if is_last or refusal.code not in {ModelFailure.BUSY, ModelFailure.FAILED}:
                    raise refusal
            if not is_wanted():
                raise UnwantedError
            self._retries.sleep(self._retries.jitter() * _FIRST_PAUSE * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _checked(self, response: HttpStream) -> HttpStream:
        content_type = response.headers.get(b"content-type", b"").partition(b";")[0].strip()
        if content_type.lower() == self._content_type:
            return response
        response.close()
        raise ModelFailure.REFUSED.error("the answer is no stream")


class BedrockModel(_HttpModel):
    """A model of Amazon Bedrock, asked by `ConverseStream`, without tools."""

    _content_type = b"application/vnd.amazon.eventstream"

    @property
    def _path(self) -> str:
        return f"{self._endpoint.path}/model/{quote(self._model_id, safe='')}/converse-stream"

    def _request(
        self, question: str, before: Sequence[Turn], instructions: str
    ) -> Mapping[str, Any]:
        messages = [
            {"role": role, "content": [{"text": text}]} for role, text in _roles(question, before)
        ]
        limit = {"inferenceConfig": {"maxTokens": MAX_ANSWER_TOKENS}}
        system = {"system": [{"text": instructions}]} if instructions else {}
        return {"messages": messages, **system, **limit}

    def _texts(self, response: HttpStream) -> Iterator[str]:
        end: str | None = None
        try:
            for message in _messages(response):
                event = _event(message)
                match message.headers.get(":event-type"):
                    case "contentBlockDelta":
                        yield from _text(event.get("delta"), "text")
                    case "messageStop":
                        end = str(event.get("stopReason"))
                    case "metadata":
                        _log_usage(event.get("usage"), "inputTokens", "outputTokens")
        except (BrokenConnectionError, EventStreamError):
            # After its end, an answer is whole.
            if end is None:
                raise
        _check_end(end)


class ChatCompletionsModel(_HttpModel):
    """A model behind an API like OpenAI's: Ollama, llama.cpp, vLLM, LM Studio and others."""

    _content_type = b"text/event-stream"

    @property
    def _path(self) -> str:
        return f"{self._endpoint.path or '/v1'}/chat/completions"

    def _request(
        self, question: str, before: Sequence[Turn], instructions: str
    ) -> Mapping[str, Any]:
        system = [("system", instructions)] if instructions else []
        messages = [
            {"role": role, "content": text} for role, text in [*system, *_roles(question, before)]
        ]
        return {"model": self._model_id, "messages": messages, "stream": True}

    def _texts(self, response: HttpStream) -> Iterator[str]:
        end: str | None = None
        try:
            for data in _server_sent_events(response):
                if data == b"[DONE]":
                    end = end or "stop"
                    break
                event = _object(data)
                if error := event.get("error"):
                    raise _error_event(error)
                _log_usage(event.get("usage"), "prompt_tokens", "completion_tokens")
                for choice in _objects(event.get("choices")):
                    yield from _text(choice.get("delta"), "content")
                    end = choice.get("finish_reason") or end
        except BrokenConnectionError:
            if end is None:
                raise
        _check_end(end)


def _roles(question: str, before: Sequence[Turn]) -> Iterator[tuple[str, str]]:
    for turn in before:
        yield "user", turn.question
        yield "assistant", turn.answer
    yield "user", question


@contextmanager
def _transport_failures() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise ModelFailure.TIMEOUT.error("TimeoutError") from error
    except (BrokenConnectionError, EventStreamError) as error:
        raise ModelFailure.INTERRUPTED.error(str(error)) from error


def _refusal(response: HttpStream) -> LanguageModelError:
    """The error for a status; the service's code is in a header or in the body."""
    status = response.status
    kind = response.headers.get(b"x-amzn-errortype", b"").partition(b":")[0].decode("latin-1")
    with response:
        reason = _code(kind) or _code_in(response) or f"HTTP {status}"
    is_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    other = ModelFailure.FAILED if is_fault else ModelFailure.REFUSED
    return _STATUSES.get(status, other).error(reason)


def _code_in(response: HttpStream) -> str:
    body = b""
    try:
        for piece in response:
            body += piece
            if len(body) > _MAX_ERROR_BYTES:
                return ""
    except (BrokenConnectionError, OSError):
        return ""
    return _error_code(_object(body).get("error"))


def _error_event(error: object) -> LanguageModelError:
    """An error instead of the next text."""
    code = _error_code(error)
    is_busy = code == str(HTTPStatus.TOO_MANY_REQUESTS.value) or "rate_limit" in code
    return (ModelFailure.BUSY if is_busy else ModelFailure.FAILED).error(code or "error")


def _error_code(error: object) -> str:
    content = error if isinstance(error, dict) else {}
    return _code(content.get("code")) or _code(content.get("type"))


def _code(value: object) -> str:
    """Only what looks like a code: anything else may repeat the question."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if _CODE.fullmatch(text) else ""


def _messages(response: HttpStream) -> Iterator[EventStreamMessage]:
    decoder = EventStreamDecoder()
    for received in response:
        yield from decoder.messages(received)
    if decoder.is_within_message:
        raise EventStreamError("the stream ends within a message")


def _event(message: EventStreamMessage) -> Mapping[str, Any]:
    """The payload of an event. Raises `LanguageModelError` for an exception."""
    headers = message.headers
    if headers.get(":message-type") == "event":
        return _object(message.payload)
    kind = headers.get(":exception-type") or headers.get(":error-code") or "error"
    name = kind[:1].lower() + kind[1:]
    raise _EXCEPTIONS.get(name, ModelFailure.FAILED).error(_code(kind) or "error")


def _server_sent_events(response: HttpStream) -> Iterator[bytes]:
    """The data of each event."""
    buffer = bytearray()
    data: list[bytes] = []
    for received in response:
        buffer += received
        *lines, rest = buffer.split(b"\n")
        buffer = rest
        for line in lines:
            field, _, value = bytes(line).removesuffix(b"\r").partition(b":")
            if field == b"data":
                data.append(value.removeprefix(b" "))
            elif not field and not value and data:
                yield b"\n".join(data)
                data = []
        if len(buffer) + sum(map(len, data)) > MAX_EVENT_BYTES:
            raise EventStreamError("an event is too large")


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(delta: object, key: str) -> Iterator[str]:
    """The text of a delta, if it is a text that UTF-8 can carry."""
    text = delta.get(key) if isinstance(delta, dict) else None
    if isinstance(text, str) and text:
        yield text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _log_usage(usage: object, inputs: str, outputs: str) -> None:
    if isinstance(usage, dict):
        logger.info(
            "model answered",
            input_tokens=_number(usage.get(inputs)),
            output_tokens=_number(usage.get(outputs)),
        )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _check_end(end: str | None) -> None:
    if end is None:
        raise ModelFailure.INTERRUPTED.error("the stream ended without a reason")
    if failure := _ENDS.get(end):
        raise failure.error(end)
