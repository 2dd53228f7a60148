"""Evaluation of the IAM policy that a Lambda authorizer returns.

Sources: IAM user guide, reference_policies_evaluation-logic, reference_policies_elements and
reference_policies_elements_condition_operators. API
Gateway evaluates the policy on its own, so an explicit Deny wins and no match is a Deny.
"""

import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any

_CONTEXT: Mapping[str, str] = {}


class PolicyError(ValueError):
    """The document is not a policy; the text names the element and what was expected."""


def allows(
    policy: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str] = _CONTEXT
) -> bool:
    """Whether `policy` allows `action` on `resource`; `PolicyError` when it is malformed.

    Actions are compared without regard to case, resources exactly; `*` and `?` are wildcards.
    `context` holds condition keys such as `aws:SourceIp`. A condition that cannot be evaluated
    here counts as false in an Allow and as true in a Deny: never more access than on AWS.
    """
    allowed = False
    for statement in _statements(policy):
        effect = _effect(statement)
        applies = _covers(statement, "Action", action.lower(), fold=True)
        applies = _covers(statement, "Resource", resource, fold=False) and applies
        if applies and _conditions(statement, context, unknown=effect == "Deny"):
            if effect == "Deny":
                return False
            allowed = True
    return allowed


def matches(pattern: str, text: str) -> bool:
    """Whether `text` fits a pattern with `*` (any run, also empty) and `?` (one character).

    Runs in time proportional to the two lengths multiplied, whatever the pattern.
    """
    here = in_text = resume = 0
    star = -1
    while in_text < len(text):
        if here < len(pattern) and pattern[here] == "*":
            star, resume = here, in_text
            here += 1
        elif here < len(pattern) and pattern[here] in ("?", text[in_text]):
            here += 1
            in_text += 1
        elif star >= 0:
            resume += 1
            here, in_text = star + 1, resume
        else:
            return False
    return pattern[here:].strip("*") == ""


def _statements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    statements = policy.get("Statement")
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise PolicyError("Statement must be an object or a list of at least one object")
    for statement in statements:
        if not isinstance(statement, Mapping):
            raise PolicyError("each Statement must be an object")
    return statements


def _effect(statement: Mapping[str, Any]) -> str:
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"Effect must be Allow or Deny, got {json.dumps(effect)}")
    return str(effect)


def _covers(statement: Mapping[str, Any], element: str, wanted: str, *, fold: bool) -> bool:
    """Whether the statement's element, or its `Not…` form, covers the wanted value."""
    negated = f"Not{element}"
    if (element in statement) == (negated in statement):
        raise PolicyError(f"a Statement needs either {element} or {negated}")
    name = element if element in statement else negated
    patterns = _texts(statement[name], name)
    hit = any(matches(text.lower() if fold else text, wanted) for text in patterns)
    return hit == (name == element)


def _texts(value: object, name: str) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise PolicyError(f"{name} must be a string or a list of strings")
    return texts


def _conditions(statement: Mapping[str, Any], context: Mapping[str, str], *, unknown: bool) -> bool:
    condition = statement.get("Condition", {})
    if not isinstance(condition, Mapping):
        raise PolicyError("Condition must be an object")
    held = conditions_hold(condition, context)
    return unknown if held is None else held


def conditions_hold(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool | None:
    """Whether every condition holds; `None` when that depends on one that is not understood.

    Condition keys are compared without regard to case.
    """
    values = {key.lower(): value for key, value in context.items()}
    outcomes: list[bool | None] = []
    for operator, keys in condition.items():
        if not isinstance(keys, Mapping):
            return None
        outcomes += [_holds(operator, values.get(k.lower()), v) for k, v in keys.items()]
    if False in outcomes:
        return False
    return None if None in outcomes else True


def _holds(operator: str, actual: str | None, wanted: object) -> bool | None:
    optional = operator.endswith("IfExists")
    name = operator.removesuffix("IfExists")
    negated = name.startswith(("StringNot", "NotIp"))
    test = _TESTS.get(name.replace("Not", "", 1))
    values = [wanted] if isinstance(wanted, str) else wanted
    if test is None or not isinstance(values, list):
        return None
    if actual is None:
        # A missing key might exist on AWS (aws:SourceVpc, tags …): only IfExists is certain.
        return True if optional else None
    return any(test(str(value), actual) for value in values) != negated


def _in_network(network: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


# Operators and keys that are not listed leave the outcome undecided: then there is no access.
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, actual: wanted == actual,
    "StringEqualsIgnoreCase": lambda wanted, actual: wanted.lower() == actual.lower(),
    "StringLike": matches,
    "IpAddress": _in_network,
}
