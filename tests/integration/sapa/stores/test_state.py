"""Shared state on DynamoDB and in the unit tests' fake."""

from itertools import count

import boto3
import pytest

from sapa.processes.state import MAX_VALUE_BYTES, State, StateStore
from sapa.stores.state import DynamoDBStateStore
from tests.integration.sapa.conftest import Cloud, table
from tests.unit.sapa.fakes import InMemoryStateStore


def dynamodb_store() -> DynamoDBStateStore:
    """A store on the table `state`."""
    return DynamoDBStateStore(table("state"), lambda: 1_000)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, cloud: Cloud) -> StateStore:
    """A store of either kind."""
    return InMemoryStateStore() if request.param == "fake" else dynamodb_store()


def test_value_is_stored_over_and_over(store: StateStore) -> None:
    assert store.get("k") is None
    store.put("k", "1", 99)
    first = store.get("k")
    assert first is not None
    assert (first.text, first.expires_at) == ("1", 99)
    store.put("k", '"é👋"', None)
    second = store.get("k")
    assert second is not None
    assert (second.text, second.expires_at) == ('"é👋"', None)
    assert second.version > first.version


def test_value_is_replaced_only_if_it_is_still_the_old_one(store: StateStore) -> None:
    assert store.replace("k", None, "1", None)
    assert not store.replace("k", None, "2", None)
    old = store.get("k")
    assert store.replace("k", old, "3", 7)
    assert not store.replace("k", old, "4", None)
    store.put("k", "5", None)
    now = store.get("k")
    assert now is not None
    assert now.text == "5"
    assert not store.replace("other", now, "6", None)


def test_item_that_was_deleted_and_written_anew_is_not_the_old_one(cloud: Cloud) -> None:
    clock = count(1_000, 1_000)
    store = DynamoDBStateStore(table("state"), lambda: next(clock))
    store.put("k", "1", None)
    old = store.get("k")
    boto3.client("dynamodb").delete_item(TableName="state", Key={"key": {"S": "k"}})
    store.put("k", "2", None)
    assert not store.replace("k", old, "3", None)


@pytest.mark.parametrize("exists", [False, True])
def test_write_that_is_repeated_is_not_taken_for_somebody_elses(cloud: Cloud, exists: bool) -> None:
    store = dynamodb_store()
    if exists:
        store.put("k", "0", None)
    old = store.get("k")
    cloud.aws.repeated.add("UpdateItem")
    assert store.replace("k", old, "1", None)
    now = store.get("k")
    assert now is not None
    assert (now.text, now.version) == ("1", (old.version if old else 1_000) + 1)


def test_largest_value_fits_into_an_item(cloud: Cloud) -> None:
    text = '"' + "é" * (MAX_VALUE_BYTES // 2 - 1) + '"'
    dynamodb_store().put("k" * 512, text, None)
    stored = dynamodb_store().get("k" * 512)
    assert stored is not None
    assert stored.text == text


def test_change_that_comes_in_between_is_not_lost(store: StateStore) -> None:
    pauses: list[float] = []
    state = State(
        namespace="game", store=store, clock=lambda: 1_000, sleep=pauses.append, jitter=lambda: 1.0
    )
    meanwhile = iter(range(3))

    def increment(value: int | None) -> int:
        return (value or 0) + 1

    def interrupted(value: int | None) -> int:
        if next(meanwhile, None) is not None:
            state.update("counter", increment)
        return increment(value)

    assert state.update("counter", interrupted) == 4
    assert state.get("counter") == 4
    assert len(pauses) == 3
