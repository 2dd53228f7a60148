"""Batches by size, and partial batch responses."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.event_sources.payloads import batch_payloads, failed_items


@given(st.lists(st.text(max_size=40), max_size=12), st.integers(40, 300))
def test_payloads_keep_every_record_in_order_below_the_limit(bodies: list[str], limit: int) -> None:
    records = [{"body": body} for body in bodies]
    found = list(batch_payloads(records, limit))
    assert [record for _, inside in found for record in inside] == records
    for payload, inside in found:
        assert json.loads(payload) == {"Records": inside}
        assert len(payload) <= limit + len('{"Records":[]}') or len(inside) == 1


@pytest.mark.parametrize(
    ("response", "left"),
    [
        ("null", ""),
        ("{}", ""),
        ('{"batchItemFailures": []}', ""),
        ('{"batchItemFailures": null}', ""),
        ('{"other": 1}', ""),
        ('{"batchItemFailures": [{"itemIdentifier": "b"}]}', "b"),
        ('{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "b"}]}', "b"),
        ('{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}', "ab"),
        ("not JSON", "abc"),
        ("[]", "abc"),
        ('"done"', "abc"),
        ("[" * 100_000, "abc"),
        ('{"batchItemFailures": {}}', "abc"),
        ('{"batchItemFailures": ["b"]}', "abc"),
        ('{"batchItemFailures": [{}]}', "abc"),
        ('{"batchItemFailures": [{"itemIdentifier": ""}]}', "abc"),
        ('{"batchItemFailures": [{"itemIdentifier": null}]}', "abc"),
        ('{"batchItemFailures": [{"itemIdentifier": {"id": "b"}}]}', "abc"),
        ('{"batchItemFailures": [{"itemIdentifer": "b"}]}', "abc"),
        ('{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "z"}]}', "abc"),
    ],
)
def test_what_a_response_says_has_failed(response: str, left: str) -> None:
    assert failed_items(response.encode(), "abc") == frozenset(left)


@given(st.binary())
def test_no_response_is_a_surprise(response: bytes) -> None:
    found: Any = failed_items(response, "abc")
    assert found in (frozenset(), frozenset("abc"))
