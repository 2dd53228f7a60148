"""Language models on real sockets, with services that fail in every way."""

import json
import re
from typing import Any, cast

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EventStreamError

from sapa.aws.endpoint import Retries, Signer
from sapa.aws.http_connection import Timeouts
from sapa.aws.http_stream import StreamingEndpoint
from sapa.errors import LanguageModelError
from sapa.processes.language_model import Turn
from sapa.services import Services
from sapa.settings import Settings
from sapa.stores.language_models import (
    MAX_ANSWER_TOKENS,
    MAX_EVENT_BYTES,
    BedrockModel,
    ChatCompletionsModel,
)
from tests.integration.sapa.conftest import logged
from tests.integration.sapa.faulty_api import CREDENTIALS, FaultyApi, answered
from tests.support.event_streams import (
    chat_completions,
    chunk,
    completed,
    converse_stream,
    encoded,
    event,
    exception,
    said,
    stopped,
)

MODEL_ID = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
CONVERSE, COMPLETIONS = "converse-stream", "completions"
SECRET = "where the treasure is"
ANSWER = "under the third palm"


def endpoint(url: str, *, key: str = "", read: float = 20.0) -> StreamingEndpoint:
    """One that waits `read` seconds for the next bytes."""
    host = url.partition("://")[2]
    signer = Signer(lambda: CREDENTIALS, service="bedrock", host=host, region="ap-southeast-3")
    return StreamingEndpoint(
        url,
        authorization=lambda method, path, body, headers: (
            f"Authorization: Bearer {key}\r\n"
            if key
            else signer.headers(method, path, body.digest, 1_700_000_000, headers)
        ),
        timeouts=Timeouts(connect=2.0, read=read),
    )


def model_of(
    api: FaultyApi, name: str, pauses: list[float] | None = None, *, read: float = 20.0
) -> BedrockModel | ChatCompletionsModel:
    """A model behind the service; it tries three times."""
    make = BedrockModel if name == CONVERSE else ChatCompletionsModel
    sleep = (pauses if pauses is not None else []).append
    retries = Retries(attempts=3, sleep=sleep, jitter=lambda: 1.0)
    return make(endpoint(api.root, read=read), MODEL_ID, system_prompt="Be brief.", retries=retries)


def heard(model: BedrockModel | ChatCompletionsModel) -> tuple[list[str], LanguageModelError]:
    """What a model says until it fails."""
    texts = []
    with pytest.raises(LanguageModelError) as failed:  # noqa: PT012 - what comes before counts
        for text in model.answer(SECRET):
            texts.append(text)
    return texts, failed.value


def whole(name: str, *texts: str, pieces: int = 1) -> bytes:
    """An answer from its beginning to its natural end."""
    if name == CONVERSE:
        return converse_stream(said(*texts) + stopped("end_turn"), pieces=pieces)
    return chat_completions(completed(*texts, reason="stop"), pieces=pieces)


def begun(name: str, *texts: str, then: bytes = b"", is_whole: bool = True) -> bytes:
    """An answer that begins, and then something else."""
    if name == CONVERSE:
        return converse_stream(said(*texts) + then, is_whole=is_whole)
    return chat_completions(completed(*texts) + then, is_whole=is_whole)


both = pytest.mark.parametrize("name", [CONVERSE, COMPLETIONS])


@both
@pytest.mark.parametrize("pieces", [1, 7, 10_000])
def test_texts_come_in_order_however_they_are_cut(api: FaultyApi, name: str, pieces: int) -> None:
    api.answers[name] = [whole(name, "Halo", ", dunia", " 👋\n\n", "data: x", pieces=pieces)]
    texts = list(model_of(api, name).answer("Hai"))
    assert texts == ["Halo", ", dunia", " 👋\n\n", "data: x"]


def test_bedrock_is_asked_for_a_stream_without_tools(api: FaultyApi) -> None:
    api.answers[CONVERSE] = [whole(CONVERSE, "Ya")]
    before = [Turn("Satu?", "Dua."), Turn("Tiga?", "Empat.")]
    list(model_of(api, CONVERSE).answer("Lima?", before, instructions="Be brief."))
    [posted] = api.posted
    assert posted.path == "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse-stream"
    assert json.loads(posted.body) == {
        "messages": [
            {"role": "user", "content": [{"text": "Satu?"}]},
            {"role": "assistant", "content": [{"text": "Dua."}]},
            {"role": "user", "content": [{"text": "Tiga?"}]},
            {"role": "assistant", "content": [{"text": "Empat."}]},
            {"role": "user", "content": [{"text": "Lima?"}]},
        ],
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"maxTokens": MAX_ANSWER_TOKENS},
    }
    assert "/bedrock/aws4_request" in posted.headers["authorization"]
    assert "content-type;host;x-amz-date" in posted.headers["authorization"]


def test_other_servers_are_asked_as_openais(api: FaultyApi) -> None:
    api.answers[COMPLETIONS] = [whole(COMPLETIONS, "Ya")]
    before = [Turn("Satu?", "Dua.")]
    list(model_of(api, COMPLETIONS).answer("Tiga?", before, instructions="Be brief."))
    [posted] = api.posted
    assert posted.path == "/v1/chat/completions"
    assert json.loads(posted.body) == {
        "model": MODEL_ID,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Satu?"},
            {"role": "assistant", "content": "Dua."},
            {"role": "user", "content": "Tiga?"},
        ],
        "stream": True,
    }


@both
def test_without_instructions_no_system_prompt_is_sent(api: FaultyApi, name: str) -> None:
    """Some models refuse one."""
    api.answers[name] = [whole(name, "Ya")]
    list(model_of(api, name).answer("Hai"))
    [posted] = api.posted
    assert "system" not in posted.body.decode()


def test_boto3_sends_the_same_request_and_reads_the_same_stream(api: FaultyApi) -> None:
    """What is made by hand here is what AWS's own client understands."""
    stream = said("Halo", " dunia") + exception("throttlingException", "Too many tokens")
    api.answers[CONVERSE] = [converse_stream(stream, pieces=5)]
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=api.root,
        region_name="ap-southeast-3",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )
    answer = client.converse_stream(
        modelId=MODEL_ID,
        messages=[{"role": "user", "content": [{"text": SECRET}]}],
        inferenceConfig={"maxTokens": MAX_ANSWER_TOKENS},
    )
    texts = []
    with pytest.raises(EventStreamError, match="throttlingException"):  # noqa: PT012
        for each in cast("Any", answer["stream"]):
            if "contentBlockDelta" in each:
                texts.append(each["contentBlockDelta"]["delta"]["text"])
    answer["stream"].close()
    client.close()
    ours, error = heard(model_of(api, CONVERSE))
    assert ours == texts == ["Halo", " dunia"]
    assert error.code == "model_busy"
    theirs, mine = api.posted
    assert (mine.method, mine.path) == (theirs.method, theirs.path)
    assert json.loads(mine.body) == json.loads(theirs.body)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("max_tokens", "model_length"),
        ("model_context_window_exceeded", "model_length"),
        ("guardrail_intervened", "model_filtered"),
        ("content_filtered", "model_filtered"),
        ("malformed_model_output", "model_failed"),
    ],
)
def test_bedrock_says_why_an_answer_ends_early(api: FaultyApi, reason: str, code: str) -> None:
    api.answers[CONVERSE] = [converse_stream(said("Halo") + stopped(reason))]
    texts, error = heard(model_of(api, CONVERSE))
    assert (texts, error.code, error.reason) == (["Halo"], code, reason)


@pytest.mark.parametrize(
    ("reason", "code"), [("length", "model_length"), ("content_filter", "model_filtered")]
)
def test_other_servers_say_why_an_answer_ends_early(api: FaultyApi, reason: str, code: str) -> None:
    api.answers[COMPLETIONS] = [chat_completions(completed("Halo", reason=reason))]
    texts, error = heard(model_of(api, COMPLETIONS))
    assert (texts, error.code) == (["Halo"], code)


@pytest.mark.parametrize("reason", ["stop_sequence", "tool_use", "something_new"])
def test_other_reasons_are_natural_ends(api: FaultyApi, reason: str) -> None:
    api.answers[CONVERSE] = [converse_stream(said("Halo") + stopped(reason))]
    assert list(model_of(api, CONVERSE).answer("Hai")) == ["Halo"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("throttlingException", "model_busy"),
        ("serviceUnavailableException", "model_busy"),
        ("modelStreamErrorException", "model_failed"),
        ("internalServerException", "model_failed"),
        ("validationException", "model_refused"),
        ("modelTimeoutException", "model_timeout"),
        ("somethingNewException", "model_failed"),
    ],
)
def test_an_exception_in_the_middle_keeps_what_was_said(
    api: FaultyApi, kind: str, code: str
) -> None:
    stream = said("Halo", " dunia") + exception(kind, SECRET)
    api.answers[CONVERSE] = [converse_stream(stream)]
    texts, error = heard(model_of(api, CONVERSE))
    assert (texts, error.code, error.reason) == (["Halo", " dunia"], code, kind)
    assert len(api.posted) == 1


def test_an_error_message_of_the_format_is_an_exception_too(api: FaultyApi) -> None:
    headers = {
        ":message-type": "error",
        ":error-code": "InternalServerException",
        ":error-message": SECRET,
    }
    api.answers[CONVERSE] = [converse_stream(said("Halo") + encoded(headers, b""))]
    texts, error = heard(model_of(api, CONVERSE))
    assert (texts, error.code) == (["Halo"], "model_failed")
    assert error.reason == "InternalServerException"


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        ({"message": SECRET, "code": "rate_limit_exceeded"}, "model_busy", "rate_limit_exceeded"),
        ({"message": SECRET, "code": 429}, "model_busy", "429"),
        ({"message": SECRET, "type": "server_error"}, "model_failed", "server_error"),
        ({"message": SECRET, "code": SECRET}, "model_failed", "error"),
        (SECRET, "model_failed", "error"),
    ],
)
def test_an_error_event_in_the_middle_keeps_what_was_said(
    api: FaultyApi, error: object, code: str, reason: str
) -> None:
    api.answers[COMPLETIONS] = [begun(COMPLETIONS, "Halo", then=chunk({"error": error}))]
    texts, failed = heard(model_of(api, COMPLETIONS))
    assert (texts, failed.code, failed.reason) == (["Halo"], code, reason)


@both
@pytest.mark.parametrize("is_whole", [True, False])
def test_a_stream_that_is_cut_keeps_what_was_said(
    api: FaultyApi, name: str, is_whole: bool
) -> None:
    """By a proxy that ends the response, or with the connection."""
    answer = begun(name, "Halo", " dunia", is_whole=is_whole)
    api.answers[name] = [answer.replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 200 close")]
    texts, error = heard(model_of(api, name))
    assert (texts, error.code) == (["Halo", " dunia"], "model_interrupted")


@both
def test_a_stream_that_is_cut_after_the_end_of_the_answer_is_whole(
    api: FaultyApi, name: str
) -> None:
    if name == CONVERSE:
        body = said("Halo") + event("messageStop", {"stopReason": "end_turn"}) + b"\0\0"
        cut = converse_stream(body, is_whole=False)
    else:
        last = chunk({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        cut = begun(name, "Halo", then=last, is_whole=False)
    api.answers[name] = [cut.replace(b"200 OK", b"200 close")]
    assert list(model_of(api, name).answer("Hai")) == ["Halo"]


def test_damaged_bytes_end_the_answer(api: FaultyApi) -> None:
    stream = bytearray(said("Halo") + stopped("end_turn"))
    stream[-30] ^= 1
    damaged = converse_stream(said("Halo") + bytes(stream[-30:]))
    api.answers[CONVERSE] = [damaged]
    texts, error = heard(model_of(api, CONVERSE))
    assert (texts, error.code) == (["Halo"], "model_interrupted")


def test_an_event_that_does_not_end_is_not_waited_for(api: FaultyApi) -> None:
    api.answers[COMPLETIONS] = [
        begun(COMPLETIONS, "Halo", then=b"data: " + b"x" * (MAX_EVENT_BYTES + 1))
    ]
    texts, error = heard(model_of(api, COMPLETIONS))
    assert (texts, error.code) == (["Halo"], "model_interrupted")


@both
def test_a_model_that_says_nothing_more_is_given_up(api: FaultyApi, name: str) -> None:
    api.answers[name] = [begun(name, "Halo", is_whole=False)]
    texts, error = heard(model_of(api, name, read=0.1))
    assert (texts, error.code) == (["Halo"], "model_timeout")
    assert len(api.posted) == 1


@both
def test_a_model_that_never_begins_is_given_up_and_not_asked_again(
    api: FaultyApi, name: str
) -> None:
    api.slow.add(name)
    texts, error = heard(model_of(api, name, read=0.1))
    assert (texts, error.code) == ([], "model_timeout")
    assert len(api.posted) == 1


@both
@pytest.mark.parametrize(
    ("refused", "code", "tries"),
    [
        (answered(429, "{}"), "model_busy", 3),
        (answered(503, "{}"), "model_busy", 3),
        (answered(500, "<html>"), "model_failed", 3),
        (answered(424, "{}"), "model_failed", 3),
        (answered(408, "{}"), "model_timeout", 1),
        (answered(400, "{}"), "model_refused", 1),
        (answered(401, "[]"), "model_refused", 1),
        (answered(404, ""), "model_refused", 1),
        (answered(302, "", "Location: http://elsewhere.example/\r\n"), "model_refused", 1),
        (answered(200, "{}", "Content-Type: application/json\r\n"), "model_refused", 1),
        (answered(200, ""), "model_refused", 1),
        (b"", "model_unreachable", 3),
        (b"SSH-2.0\r\nclose\r\n", "model_unreachable", 3),
    ],
)
def test_what_a_service_answers_instead(
    api: FaultyApi, name: str, refused: bytes, code: str, tries: int
) -> None:
    pauses: list[float] = []
    api.answers[name] = [refused]
    texts, error = heard(model_of(api, name, pauses))
    assert (texts, error.code, len(api.posted)) == ([], code, tries)
    assert pauses == [1.0, 2.0][: tries - 1]


@both
def test_what_passes_is_tried_again(api: FaultyApi, name: str) -> None:
    api.answers[name] = [answered(429, "{}"), b"", whole(name, "Halo")]
    assert list(model_of(api, name).answer("Hai")) == ["Halo"]


@pytest.mark.parametrize(
    ("name", "refused", "reason"),
    [
        (
            CONVERSE,
            answered(403, "{}", "x-amzn-ErrorType: AccessDeniedException:http://internal/\r\n"),
            "AccessDeniedException",
        ),
        (
            COMPLETIONS,
            answered(404, '{"error": {"code": "model_not_found", "message": "no"}}'),
            "model_not_found",
        ),
        (COMPLETIONS, answered(401, '{"error": {"code": null, "type": "auth"}}'), "auth"),
        (COMPLETIONS, answered(400, json.dumps({"error": {"code": SECRET}})), "HTTP 400"),
        (COMPLETIONS, answered(400, json.dumps({"error": SECRET})), "HTTP 400"),
        (COMPLETIONS, answered(400, "x" * 70_000), "HTTP 400"),
        (COMPLETIONS, b"HTTP/1.1 400 close\r\nContent-Length: 9\r\n\r\n{", "HTTP 400"),
    ],
)
def test_the_reason_is_the_services_code_and_nothing_else(
    api: FaultyApi, name: str, refused: bytes, reason: str
) -> None:
    api.answers[name] = [refused]
    _, error = heard(model_of(api, name))
    assert (error.code, error.reason) == ("model_refused", reason)


def test_nobody_listening_is_unreachable() -> None:
    pauses: list[float] = []
    retries = Retries(attempts=3, sleep=pauses.append, jitter=lambda: 1.0)
    model = ChatCompletionsModel(
        endpoint("http://127.0.0.1:1"), MODEL_ID, system_prompt="", retries=retries
    )
    _, error = heard(model)
    assert (error.code, len(pauses)) == ("model_unreachable", 2)


@both
def test_closing_the_answer_closes_the_connection(api: FaultyApi, name: str) -> None:
    api.answers[name] = [begun(name, "Halo", " dunia", is_whole=False)]
    answer = model_of(api, name).answer("Hai")
    assert next(answer) == "Halo"
    answer.close()
    assert api.closed.acquire(timeout=20)


@both
def test_an_answer_that_nobody_wants_ends_while_the_model_is_silent(
    api: FaultyApi, name: str
) -> None:
    api.answers[name] = [begun(name, "Halo", is_whole=False)]
    asked: list[bool] = []

    def is_wanted() -> bool:
        asked.append(True)
        return len(asked) < 9

    assert list(model_of(api, name).answer("Hai", is_wanted=is_wanted)) == ["Halo"]
    assert api.closed.acquire(timeout=20)


def test_a_model_that_thinks_aloud_for_long_can_be_stopped(api: FaultyApi) -> None:
    """What it thinks is no text, so nobody pulls."""
    thought = event("contentBlockDelta", {"delta": {"reasoningContent": {"text": "Hm" * 50_000}}})
    api.answers[CONVERSE] = [converse_stream(said("Halo") + thought * 50, is_whole=False)]
    heard: list[str] = []
    answer = model_of(api, CONVERSE).answer("Hai", is_wanted=lambda: not heard)
    for text in answer:
        heard.append(text)
    assert heard == ["Halo"]
    assert api.closed.acquire(timeout=20)


@both
def test_a_request_that_nobody_wants_is_not_sent_again(api: FaultyApi, name: str) -> None:
    api.answers[name] = [answered(429, "{}")]
    pauses: list[float] = []
    model = model_of(api, name, pauses)
    assert list(model.answer("Hai", is_wanted=lambda: not api.posted)) == []
    assert (len(api.posted), pauses) == (1, [])


@both
def test_what_is_no_text_is_passed_over(api: FaultyApi, name: str) -> None:
    if name == CONVERSE:
        deltas = [{"reasoningContent": {"text": "Hm"}}, {"text": ""}, {"text": 7}, None]
        others = b"".join(event("contentBlockDelta", {"delta": delta}) for delta in deltas)
        others += event("somethingNew", []) + encoded({":message-type": "event"}, b"{")
        body = converse_stream(said("Halo") + others + stopped("end_turn"))
    else:
        deltas = [{"reasoning_content": "Hm"}, {"content": None}, {"content": 7}, None]
        others = b"".join(chunk({"choices": [{"delta": delta}]}) for delta in deltas)
        others += chunk({"choices": [7]}) + chunk({"choices": None}) + chunk([]) + chunk(1)
        others += b": ping\n\n" + b"event: x\nid: 1\nretry: 2\n\n" + b"data: {\n\n"
        end = chunk({"choices": [{"delta": {"content": "!"}, "finish_reason": "stop"}]}, "\r\n")
        body = chat_completions(completed("Halo") + others + end)
    api.answers[name] = [body]
    assert [*model_of(api, name).answer("Hai")][:1] == ["Halo"]


def test_an_event_of_several_lines_is_one(api: FaultyApi) -> None:
    lines = b'data: {"choices": [{"delta":\ndata:{"content": "Halo"}}]}\n\ndata: [DONE]\n\n'
    api.answers[COMPLETIONS] = [chat_completions(lines)]
    assert list(model_of(api, COMPLETIONS).answer("Hai")) == ["Halo"]


@both
def test_halves_of_characters_do_no_harm(api: FaultyApi, name: str) -> None:
    """JSON may carry what UTF-8 cannot."""
    api.answers[name] = [whole(name, "a\ud83db")]
    assert list(model_of(api, name).answer("Hai")) == ["a\ufffdb"]


@both
def test_nothing_of_questions_and_answers_is_logged(
    api: FaultyApi, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    usage = chunk({"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 34}})
    answers = {
        CONVERSE: converse_stream(said(ANSWER) + stopped("end_turn")),
        COMPLETIONS: chat_completions(completed(ANSWER) + usage + b"data: [DONE]\n\n"),
    }
    api.answers[name] = [answers[name], begun(name, ANSWER)]
    model = model_of(api, name)
    list(model.answer(SECRET))
    heard(model)
    [line] = logged(caplog)
    assert (line["message"], line["input_tokens"], line["output_tokens"]) == (
        "model answered",
        12,
        34,
    )
    assert not re.search(f"{SECRET}|{ANSWER}", caplog.text)


@pytest.mark.parametrize(
    ("environment", "path", "authorization"),
    [
        ({"ASSISTANT_URL": ""}, "/v1/chat/completions", ""),
        (
            {"ASSISTANT_URL": "/openai/v1/", "ASSISTANT_KEY": "sk-1"},
            *("/openai/v1/chat/completions", "Bearer sk-1"),
        ),
        (
            {"ASSISTANT_URL": "", "ASSISTANT_API": "bedrock"},
            "/model/m%2Fn/converse-stream",
            "AWS4-HMAC-SHA256",
        ),
        (
            {"ASSISTANT_URL": "", "ASSISTANT_API": "bedrock", "ASSISTANT_KEY": "k"},
            "/model/m%2Fn/converse-stream",
            "Bearer k",
        ),
    ],
)
def test_settings_choose_the_model(
    api: FaultyApi, environment: dict[str, str], path: str, authorization: str
) -> None:
    services = Services(
        Settings(
            {
                "AWS_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "ASSISTANT_MODEL_ID": "m/n",
                **environment,
                "ASSISTANT_URL": api.root + environment["ASSISTANT_URL"],
            }
        )
    )
    api.answers |= {name: [whole(name, "Halo")] for name in (CONVERSE, COMPLETIONS)}
    assert list(services.language_model.answer("Hai")) == ["Halo"]
    [posted] = api.posted
    assert posted.path == path
    assert posted.headers.get("authorization", "").startswith(authorization)
    assert bool(authorization) == ("authorization" in posted.headers)
