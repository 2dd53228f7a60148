"""Which records of an event source reach the function (`FilterCriteria`).

Source: Lambda developer guide, "Control which events Lambda sends to your function"
(invocation-eventfiltering), and EventBridge user guide, "Comparison operators".
"""

import base64
import binascii
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

type Pattern = Mapping[str, Any]

_MISSING = object()
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}


def passes(filters: Sequence[str], record: Mapping[str, Any]) -> bool:
    """Whether a record matches one of the filters, each a pattern as JSON, or there are none."""
    if not filters:
        return True
    readable = _readable(record)
    return any(matches(json.loads(pattern), readable) for pattern in filters)


def matches(pattern: Pattern, event: object) -> bool:
    """Whether an event has everything that a pattern asks for."""
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(option, event) for option in wanted):
                return False
        elif not _member_matches(wanted, event, key):
            return False
    return True


def _member_matches(wanted: Any, event: object, key: str) -> bool:
    value = event.get(key, _MISSING) if isinstance(event, Mapping) else _MISSING
    if isinstance(wanted, Mapping):
        if isinstance(value, list):
            return any(matches(wanted, item) for item in value)
        return matches(wanted, value)
    values = value if isinstance(value, list) else [value]
    return any(_value_matches(rule, item) for rule in wanted for item in values or [_MISSING])


def _value_matches(rule: Any, value: Any) -> bool:
    if not isinstance(rule, Mapping):
        return _same(rule, value)
    [(name, argument)] = rule.items()
    if name == "exists":
        return (value is not _MISSING) is argument
    if value is _MISSING:
        return False
    if name == "anything-but":
        return _is_anything_but(argument, value)
    if name == "numeric":
        return _is_number(value) and _compares(argument, value)
    return isinstance(value, str) and _text_matches(name, argument, value)


def _same(wanted: Any, value: Any) -> bool:
    """JSON's equality: true is not 1."""
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return bool(wanted == value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compares(argument: Sequence[Any], value: float) -> bool:
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(_COMPARISONS[sign](value, number) for sign, number in pairs)


def _is_anything_but(argument: Any, value: Any) -> bool:
    if isinstance(argument, Mapping):
        return isinstance(value, str) and not _value_matches(argument, value)
    excluded = argument if isinstance(argument, list) else [argument]
    return not any(_same(item, value) for item in excluded)


def _text_matches(name: str, argument: Any, value: str) -> bool:
    if isinstance(argument, list):
        return any(_text_matches(name, item, value) for item in argument)
    if isinstance(argument, Mapping):
        ignored = str(argument["equals-ignore-case"])
        return _text_matches(name, ignored.lower(), value.lower())
    match name:
        case "prefix":
            return value.startswith(str(argument))
        case "suffix":
            return value.endswith(str(argument))
        case "equals-ignore-case":
            return value.lower() == str(argument).lower()
        case "wildcard":
            return re.fullmatch(_wildcard(argument), value, re.DOTALL) is not None
        case _:
            return _is_in_network(value, argument)


def _wildcard(text: str) -> str:
    """A regular expression; `\\*` and `\\\\` stand for the characters themselves."""
    parts = re.findall(r"\\[*\\]|.", text, re.DOTALL)
    return "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)


def _is_in_network(value: str, network: str) -> bool:
    try:
        return ip_address(value) in ip_network(network, strict=False)
    except ValueError:
        return False


def _readable(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record with what it carries as JSON, if it is: patterns look into it."""
    if isinstance(record.get("body"), str):
        return {**record, "body": _json_or_text(record["body"])}
    kinesis = record.get("kinesis")
    if isinstance(kinesis, Mapping):
        try:
            text = base64.b64decode(kinesis["data"]).decode()
        except (binascii.Error, UnicodeDecodeError):
            return record
        return {**record, "data": _json_or_text(text)}
    return record


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
