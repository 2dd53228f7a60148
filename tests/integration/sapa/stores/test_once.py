"""Records of messages that happen once, in DynamoDB."""

import secrets
from collections.abc import Callable

import boto3
import pytest

from sapa.errors import StoreError
from sapa.messages.once import CLAIM_SECONDS, Record, Result
from sapa.stores.once import DynamoDBOnceStore
from tests.integration.sapa.conftest import Cloud, table

NOW = 1_900_000_000
EXPIRY = NOW + 86_400
RESULT = Result(
    payloads=({"message": "Hai! 👋"}, {"x": [1, None]}),
    outcome="refused",
    joined=("chat:lobby",),
    left=("chat:other",),
    answer_id="a1",
)


@pytest.fixture
def store(cloud: Cloud) -> DynamoDBOnceStore:
    return DynamoDBOnceStore(table("once"))


def claim(store: DynamoDBOnceStore, digest: str = "d", now: int = NOW) -> Record | None:
    return store.claim("k", digest, now, now + CLAIM_SECONDS, now + 86_400)


def test_the_first_claim_wins_and_later_ones_get_its_result(store: DynamoDBOnceStore) -> None:
    assert claim(store) is None
    assert claim(store) == Record("d", None)
    store.complete("k", RESULT, EXPIRY)
    assert claim(store) == Record("d", RESULT)
    assert claim(store, "other") == Record("d", RESULT)


def test_a_released_key_is_free(store: DynamoDBOnceStore) -> None:
    claim(store)
    store.release("k")
    store.release("k")
    assert claim(store, "other") is None


def test_a_claim_without_result_ends(store: DynamoDBOnceStore) -> None:
    """The function died."""
    claim(store)
    assert claim(store, now=NOW + CLAIM_SECONDS - 1) == Record("d", None)
    assert claim(store, "other", now=NOW + CLAIM_SECONDS) == Record("d", None)
    assert claim(store, now=NOW + CLAIM_SECONDS) is None
    assert claim(store, now=NOW + CLAIM_SECONDS) == Record("d", None)


def test_a_record_that_has_expired_does_not_count(store: DynamoDBOnceStore) -> None:
    claim(store)
    store.complete("k", RESULT, EXPIRY)
    assert claim(store, "other", now=EXPIRY) is None
    assert claim(store, "other", now=EXPIRY) == Record("other", None)


def test_a_large_result_is_whole(store: DynamoDBOnceStore) -> None:
    large = Result(payloads=tuple({"message": secrets.token_hex(60_000)} for _ in range(20)))
    claim(store)
    store.complete("k", large, EXPIRY)
    assert claim(store) == Record("d", large)
    items = boto3.client("dynamodb").scan(TableName="once")["Items"]
    assert len(items) > 1
    assert all("expires_at" in item for item in items)


def test_missing_table_is_a_store_error(cloud: Cloud) -> None:
    store = DynamoDBOnceStore(table("nothing"))
    calls: list[Callable[[], object]] = [
        lambda: claim(store),
        lambda: store.complete("k", RESULT, EXPIRY),
        lambda: store.release("k"),
    ]
    for call in calls:
        with pytest.raises(StoreError):
            call()
