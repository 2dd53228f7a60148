"""The chain of invocations in a trace header."""

from dataclasses import replace

import pytest

from local_gateway.core.lambda_api.lineage import (
    LIMIT,
    function_key,
    invocations_in,
    is_recursive_loop,
    is_trace_id,
    last_function,
    loop_text,
    with_invocation,
)
from tests.support.applications import application

ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
FUNCTION = application().functions["Message"]
KEY = function_key(FUNCTION.arn)


def test_each_invocation_is_counted_and_the_last_function_is_known() -> None:
    chain = ROOT
    for key in (KEY, "00000002", KEY):
        chain = with_invocation(chain, key)
    assert chain == f"{ROOT};Lineage=00000002:1|{KEY}:2"
    assert invocations_in(chain, KEY) == 2
    assert last_function(chain) == KEY


@pytest.mark.parametrize("trace_id", [None, "", ROOT, f"{ROOT};Lineage=", "Lineage=x:y|:1|a:"])
def test_what_is_no_lineage_counts_nothing(trace_id: str | None) -> None:
    assert invocations_in(trace_id, KEY) == 0
    assert last_function(trace_id) is None


def test_loop_is_found_at_the_limit_unless_the_function_allows_it() -> None:
    below = f"{ROOT};Lineage={KEY}:{LIMIT - 1}"
    assert not is_recursive_loop(FUNCTION, below)
    assert is_recursive_loop(FUNCTION, with_invocation(below, KEY))
    permitted = replace(FUNCTION, stops_recursive_loops=False)
    assert not is_recursive_loop(permitted, with_invocation(below, KEY))
    assert loop_text(FUNCTION).startswith("recursive loop: Message was invoked 16 times")


@pytest.mark.parametrize("text", [None, "", "a\r\nX: 1", "a b", "ü", "x" * 2049])
def test_what_cannot_be_a_header_is_no_trace_id(text: str | None) -> None:
    assert not is_trace_id(text)
    assert is_trace_id(ROOT)
