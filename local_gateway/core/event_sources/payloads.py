"""Events that are batches of records, and the partial batch responses to them.

Source: Lambda developer guide, "Using Lambda with Amazon SQS" (with-sqs), "Handling errors for an
SQS event source" (services-sqs-errorhandling) and "Partial batch responses" of streams
(services-ddb-batchfailurereporting).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

# The payload of a synchronous invocation may have 6 MB; the brackets around the records are small.
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024 - 1024


def batch_payloads(
    records: Iterable[Mapping[str, Any]], limit: int = MAX_PAYLOAD_BYTES
) -> Iterator[tuple[bytes, list[Mapping[str, Any]]]]:
    """Events as JSON with the records in them, cut where one would be larger than `limit` bytes.

    A record that is larger than that on its own still gets an event.
    """
    parts: list[bytes] = []
    inside: list[Mapping[str, Any]] = []
    size = 0
    for record in records:
        part = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        if parts and size + len(part) > limit:
            yield _event(parts), inside
            parts, inside, size = [], [], 0
        parts.append(part)
        inside.append(record)
        size += len(part) + 1
    if parts:
        yield _event(parts), inside


def _event(records: Sequence[bytes]) -> bytes:
    return b'{"Records":[' + b",".join(records) + b"]}"


def failed_items(payload: bytes, ids: Iterable[str]) -> frozenset[str]:
    """The records of a batch, by their ids, that a partial batch response says have failed.

    All of them when the response is not JSON, has no usable list, or names a record that is not in
    the batch; none when the list is empty or null, or the response is.
    """
    everything = frozenset(ids)
    try:
        response = json.loads(payload)
    except (ValueError, RecursionError):
        return everything
    if response is None or response == {}:
        return frozenset()
    if not isinstance(response, dict):
        return everything
    failures = response.get("batchItemFailures")
    if failures is None:
        return frozenset()
    if not isinstance(failures, list):
        return everything
    named = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in failures]
    texts = [name for name in named if isinstance(name, str) and name in everything]
    return frozenset(texts) if len(texts) == len(named) else everything
