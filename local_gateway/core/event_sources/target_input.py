"""The input of a rule's target: the event, a part of it, a constant, or a text made of it.

Source: EventBridge user guide, "Amazon EventBridge input transformation" (eb-transform-target-
input), and the API reference's "Target".
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from local_gateway.core.event_sources.model import TargetInput

_PATH = re.compile(r"\$(\.[\w-]+|\[\d+\])*")
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]")
# A text in quotes, or a variable outside of one.
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|<([\w.-]+)>', re.DOTALL)
_VARIABLE = re.compile(r"<([\w.-]+)>")


def input_problem(target: TargetInput) -> str | None:
    """Why an input cannot be used, or `None`."""
    if target.constant is not None:
        try:
            json.loads(target.constant)
        except (ValueError, RecursionError):
            return "Input is not JSON"
    for path in (target.path, *(path for _, path in target.paths)):
        if path is not None and not _PATH.fullmatch(path):
            return f"the path {path} is not served, only names and indexes such as $.detail.a[0]"
    return None


def target_payload(target: TargetInput, event: Mapping[str, Any], rule: Mapping[str, str]) -> str:
    """The input as JSON; `rule` has the variables `aws.events.rule-name` and `-arn`.

    A path that leads nowhere gives null. Raises `ValueError` when a template does not give JSON.
    """
    if target.constant is not None:
        return target.constant
    if target.path is not None:
        return _json(_at(event, target.path))
    if target.template is None:
        return _json(event)
    variables: dict[str, Any] = {name: _at(event, path) for name, path in target.paths}
    variables |= rule
    variables |= {
        "aws.events.event": event,
        "aws.events.event.json": event,
        "aws.events.event.ingestion-time": event.get("time"),
    }
    text = _PIECE.sub(lambda match: _piece(match, variables), target.template)
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("the input transformer's template does not give JSON") from None
    return text


def _piece(match: re.Match[str], variables: Mapping[str, Any]) -> str:
    """A variable on its own becomes JSON; one inside quotes becomes part of the text."""
    if (name := match[1]) is not None:
        return _json(variables.get(name))
    return _VARIABLE.sub(lambda inner: _inside(variables.get(inner[1])), match[0])


def _inside(value: object) -> str:
    if value is None:
        return ""
    return _json(value if isinstance(value, str) else _json(value))[1:-1]


def _at(event: Mapping[str, Any], path: str) -> Any:
    value: Any = event
    for step in _STEP.finditer(path):
        if step[1] is not None and isinstance(value, Mapping):
            value = value.get(step[1])
        elif step[2] is not None and isinstance(value, list) and int(step[2]) < len(value):
            value = value[int(step[2])]
        else:
            return None
    return value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
