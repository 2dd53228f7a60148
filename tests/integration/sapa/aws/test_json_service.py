"""Our client of the JSON protocol on real sockets, with a service that fails in every way."""

import json
from collections.abc import Iterator

import pytest

from sapa.aws.endpoint import Retries
from sapa.aws.json_service import CallError, JsonService
from sapa.errors import ConditionFailedError, StoreError
from sapa.stores.table import Table
from tests.integration.sapa.faulty_api import (
    FaultyApi,
    answered,
    client_of,
    failed,
    refused,
)

TARGET = "DynamoDB_20120810"
FOUND = answered(200, '{"Item": {"k": {"S": "démo 👋"}}}')


@pytest.fixture
def service(api: FaultyApi, pauses: list[float]) -> Iterator[JsonService]:
    """One that waits for half a second and tries three times."""
    endpoint = client_of(api.root, "dynamodb")
    retries = Retries(attempts=3, sleep=pauses.append, jitter=lambda: 0.5)
    yield JsonService(endpoint, target=TARGET, version="1.0", retries=retries)
    endpoint.close()


def get(service: JsonService) -> object:
    """A call with a text that is not ASCII."""
    return service.call("GetItem", {"TableName": "t", "Key": {"k": {"S": "démo 👋"}}}).get("Item")


def test_call_is_a_signed_post(api: FaultyApi, service: JsonService) -> None:
    api.answers["GetItem"] = [FOUND]
    assert get(service) == {"k": {"S": "démo 👋"}}
    [posted] = api.posted
    assert (posted.method, posted.path) == ("POST", "/")
    assert json.loads(posted.body) == {"TableName": "t", "Key": {"k": {"S": "démo 👋"}}}
    assert posted.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert posted.headers["content-type"] == "application/x-amz-json-1.0"
    signed = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,"
    assert signed in posted.headers["authorization"]


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        (failed(500), 0.025),
        (failed(503), 0.025),
        (b"HTTP/1.1 200", 0.025),
        (b"SSH-2.0\r\n", 0.025),
        (refused("ProvisionedThroughputExceededException"), 0.5),
        (refused("ThrottlingException"), 0.5),
    ],
)
def test_what_passes_is_tried_again(
    api: FaultyApi, service: JsonService, pauses: list[float], answer: bytes, pause: float
) -> None:
    api.answers["GetItem"] = [answer, answer, FOUND]
    assert get(service) == {"k": {"S": "démo 👋"}}
    assert len(api.posted) == 3
    assert pauses == [pause, pause * 2]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (failed(500), "HTTP 500"),
        (refused("ThrottlingException"), "ThrottlingException"),
        (b"", "BrokenConnectionError"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "TimeoutError"),
        (answered(502, "<html>"), "HTTP 502"),
    ],
)
def test_what_does_not_pass_is_an_error(
    api: FaultyApi, service: JsonService, answer: bytes, code: str
) -> None:
    api.answers["GetItem"] = [answer]
    with pytest.raises(CallError) as error:
        get(service)
    assert error.value.code == code
    assert len(api.posted) == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refused("ResourceNotFoundException"), "ResourceNotFoundException"),
        (refused("ValidationException", message="x"), "ValidationException"),
        (answered(403, "<html>"), "HTTP 403"),
        (answered(400, "[]"), "HTTP 400"),
    ],
)
def test_what_is_wrong_is_not_tried_again(
    api: FaultyApi, service: JsonService, pauses: list[float], answer: bytes, code: str
) -> None:
    api.answers["GetItem"] = [answer]
    with pytest.raises(StoreError, match=f"table t: {code}"):
        Table(service, "t").get({"k": {"S": "x"}})
    assert len(api.posted) == 1
    assert pauses == []


def test_failed_condition_tells_what_is_there(api: FaultyApi, service: JsonService) -> None:
    item = {"k": {"S": "1"}}
    api.answers["PutItem"] = [refused("ConditionalCheckFailedException", Item=item)]
    with pytest.raises(ConditionFailedError) as error:
        Table(service, "t").put(item)
    assert error.value.item == item


def test_pages_are_read_as_far_as_they_are_wanted(api: FaultyApi, service: JsonService) -> None:
    more = answered(200, '{"Items": [{"n": 1}], "LastEvaluatedKey": {"k": {"S": "1"}}}')
    api.answers["Query"] = [more, answered(200, '{"Items": [{"n": 2}, {"n": 3}]}')]
    items = Table(service, "t").query("k = :k", {":k": {"S": "1"}}, limit=1)
    assert next(items) == {"n": 1}
    assert len(api.posted) == 1
    assert [*items] == [{"n": 2}, {"n": 3}]
    assert json.loads(api.posted[1].body)["ExclusiveStartKey"] == {"k": {"S": "1"}}


def test_connection_that_died_while_frozen_costs_one_repetition(
    api: FaultyApi, service: JsonService, pauses: list[float]
) -> None:
    """The service closes it after an answer without a word; the next call finds out."""
    api.answers["GetItem"] = [FOUND, b"", FOUND]
    get(service)
    assert get(service) == {"k": {"S": "démo 👋"}}
    assert api.sockets == 2
    assert pauses == []


def test_nobody_listening_is_an_error(api: FaultyApi, pauses: list[float]) -> None:
    endpoint = client_of("http://127.0.0.1:1", "dynamodb")
    retries = Retries(attempts=2, sleep=pauses.append, jitter=lambda: 1)
    service = JsonService(endpoint, target=TARGET, version="1.0", retries=retries)
    with pytest.raises(CallError, match="ConnectionRefusedError"):
        service.call("GetItem", {})
    assert pauses == [0.05]
