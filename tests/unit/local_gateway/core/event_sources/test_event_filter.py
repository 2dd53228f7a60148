"""Which records pass a mapping's filters."""

import base64
import json
from typing import Any

import pytest

from local_gateway.core.event_sources.event_filter import matches, passes

EVENT: dict[str, Any] = {
    "name": "Report.txt",
    "size": 7,
    "flag": True,
    "nothing": None,
    "tags": ["red", "green"],
    "address": "10.1.2.3",
    "inner": {"kind": "a", "list": [{"id": 1}, {"id": 2}]},
}


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"name": ["other", "Report.txt"]},
        {"size": [7]},
        {"flag": [True]},
        {"nothing": [None]},
        {"tags": ["green"]},
        {"inner": {"kind": ["a"]}},
        {"inner": {"list": {"id": [2]}}},
        {"name": [{"prefix": "Rep"}]},
        {"name": [{"prefix": {"equals-ignore-case": "rEP"}}]},
        {"name": [{"prefix": ["x", "Rep"]}]},
        {"name": [{"suffix": ".txt"}]},
        {"name": [{"suffix": {"equals-ignore-case": ".TXT"}}]},
        {"name": [{"equals-ignore-case": "report.TXT"}]},
        {"name": [{"wildcard": "R*t.*x*"}]},
        {"name": [{"anything-but": "x"}]},
        {"name": [{"anything-but": ["x", "y"]}]},
        {"name": [{"anything-but": {"prefix": "x"}}]},
        {"size": [{"numeric": [">", 5, "<=", 7]}]},
        {"size": [{"numeric": ["=", 7]}]},
        {"name": [{"exists": True}]},
        {"missing": [{"exists": False}]},
        {"inner": {"missing": [{"exists": False}]}},
        {"address": [{"cidr": "10.0.0.0/8"}]},
        {"$or": [{"size": [1]}, {"flag": [True]}]},
    ],
)
def test_pattern_that_matches(pattern: dict[str, Any]) -> None:
    assert matches(pattern, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"name": ["report.txt"]},
        {"size": ["7"]},
        {"size": [True]},
        {"flag": [1]},
        {"missing": ["x"]},
        {"missing": [{"prefix": "x"}]},
        {"name": ["Report.txt"], "size": [8]},
        {"inner": {"kind": ["b"]}},
        {"inner": {"list": {"id": [3]}}},
        {"name": {"deeper": ["x"]}},
        {"name": [{"prefix": "x"}]},
        {"size": [{"prefix": "7"}]},
        {"name": [{"wildcard": r"R\*"}]},
        {"name": [{"anything-but": "Report.txt"}]},
        {"name": [{"anything-but": ["Report.txt"]}]},
        {"name": [{"anything-but": {"suffix": ".txt"}}]},
        {"size": [{"anything-but": {"prefix": "x"}}]},
        {"size": [{"numeric": [">", 7]}]},
        {"flag": [{"numeric": ["=", 1]}]},
        {"name": [{"exists": False}]},
        {"address": [{"cidr": "192.168.0.0/16"}]},
        {"name": [{"cidr": "10.0.0.0/8"}]},
        {"$or": [{"size": [1]}, {"flag": [False]}]},
    ],
)
def test_pattern_that_does_not_match(pattern: dict[str, Any]) -> None:
    assert not matches(pattern, EVENT)


def test_record_passes_one_of_several_filters_or_none_at_all() -> None:
    record = {"eventName": "INSERT"}
    assert passes((), record)
    assert passes(('{"eventName": ["REMOVE"]}', '{"eventName": ["INSERT"]}'), record)
    assert not passes(('{"eventName": ["REMOVE"]}',), record)


def test_body_of_a_message_is_looked_into_if_it_is_json() -> None:
    pattern = (json.dumps({"body": {"size": [{"numeric": [">", 5]}]}}),)
    assert passes(pattern, {"body": '{"size": 6}'})
    assert not passes(pattern, {"body": '{"size": 5}'})
    assert not passes(pattern, {"body": "size 6"})
    assert passes(('{"body": ["size 6"]}',), {"body": "size 6"})


def test_data_of_a_kinesis_record_is_looked_into() -> None:
    def record(data: bytes) -> dict[str, Any]:
        return {"kinesis": {"data": base64.b64encode(data).decode()}}

    pattern = ('{"data": {"kind": ["a"]}}',)
    assert passes(pattern, record(b'{"kind": "a"}'))
    assert not passes(pattern, record(b'{"kind": "b"}'))
    assert not passes(pattern, record(b"\xff"))
