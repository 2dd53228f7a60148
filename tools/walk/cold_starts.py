"""Cold starts as `make bench` measured them last: here they are only read."""

import json

from tools.walk.trees import Tree

_RESULTS = ("tools/benchmarks/results/cold_start.json", "benchmarks/results/cold_start.json")
_MEASURE = "cold start with bytecode"
_EMPTY = "empty handler"


def cold_starts(tree: Tree) -> dict[str, str]:
    """By function: how many times that of an empty handler, and when it was measured."""
    result = json.loads(tree.first(*_RESULTS).read_text("utf-8"))
    day = result["measured_at"][:10]
    return {
        f"cold start of `{figure['subject']}`, × empty": (
            f"{figure['ratios'][_EMPTY]:.1f} (make bench, {day})"
        )
        for figure in result["figures"]
        if figure["measure"] == _MEASURE and not figure["subject"].endswith("handler")
    }
