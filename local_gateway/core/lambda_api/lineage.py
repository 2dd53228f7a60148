"""The chain of invocations that a trace header describes, for the detection of recursive loops.

Lambda writes the functions of a chain into the header `X-Amzn-Trace-Id`, and the AWS SDKs send it
with every call. A function that would run about 16 times in one chain is stopped (Lambda developer
guide, "Use Lambda recursive loop detection"). AWS does not document the form of `Lineage`; here it
is `Lineage=<function>:<count>|…`, the function that was invoked last at the end.
"""

import re
from zlib import crc32

from local_gateway.core.model import LambdaFunction

LIMIT = 16

_HEADER = re.compile(r"[!-~]{1,2048}")
_LINEAGE = re.compile(r"(?i)(?:^|;)Lineage=([0-9a-f:|]*)")


def function_key(arn: str) -> str:
    """What stands for a function in a lineage."""
    return f"{crc32(arn.encode()):08x}"


def invocations_in(trace_id: str | None, key: str) -> int:
    """How often a function was invoked in the chain."""
    return _counts(trace_id).get(key, 0)


def last_function(trace_id: str | None) -> str | None:
    """The function that made the call; None if no function did."""
    return next(reversed(_counts(trace_id)), None)


def with_invocation(trace_id: str, key: str) -> str:
    """The header for a further invocation of a function."""
    counts = _counts(trace_id)
    counts[key] = counts.pop(key, 0) + 1
    lineage = "|".join(f"{function}:{count}" for function, count in counts.items())
    return f"{_LINEAGE.sub('', trace_id)};Lineage={lineage}"


def is_trace_id(text: str | None) -> bool:
    """Whether a text can be a header; queues carry it as an attribute that anybody can write."""
    return text is not None and _HEADER.fullmatch(text) is not None


def _counts(trace_id: str | None) -> dict[str, int]:
    """The counts of a chain, the last function at the end."""
    match = _LINEAGE.search(trace_id or "")
    counts: dict[str, int] = {}
    for entry in match[1].split("|") if match is not None else ():
        key, _, count = entry.partition(":")
        if key and count.isdecimal() and len(count) < 6:
            counts[key] = int(count)
    return counts


def is_recursive_loop(function: LambdaFunction, trace_id: str | None) -> bool:
    """Whether Lambda would stop the next invocation of the function in this chain."""
    is_at_limit = invocations_in(trace_id, function_key(function.arn)) >= LIMIT
    return function.stops_recursive_loops and is_at_limit


def loop_text(function: LambdaFunction) -> str:
    """What to say when an invocation is stopped."""
    return (
        f"recursive loop: {function.logical_id} was invoked {LIMIT} times in one chain, so Lambda "
        "stops it; set RecursiveLoop: Allow if that is meant"
    )
