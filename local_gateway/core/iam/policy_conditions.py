"""The condition operators of an authorizer's policy that need nothing but the request.

Source: IAM user guide, reference_policies_elements_condition_operators. Operators and keys that
are not known here make the outcome undecided, which the caller resolves against access.
"""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

type Wildcard = Callable[[str, str], bool]


def conditions_hold(
    condition: Mapping[str, Any], context: Mapping[str, str], wildcard: Wildcard
) -> bool | None:
    """Whether every condition holds; `None` when that depends on one that is not understood.

    Condition keys are compared without regard to case.
    """
    known = {key.lower(): value for key, value in context.items()}
    outcomes: list[bool | None] = []
    for operator, keys in condition.items():
        if not isinstance(keys, Mapping):
            return None
        outcomes += [_holds(operator, known.get(k.lower()), v, wildcard) for k, v in keys.items()]
    if False in outcomes:
        return False
    return None if None in outcomes else True


def _holds(operator: str, actual: str | None, wanted: object, wildcard: Wildcard) -> bool | None:
    optional = operator.endswith("IfExists")
    name = operator.removesuffix("IfExists")
    negated = name.startswith(("StringNot", "NotIp"))
    test = _tests(wildcard).get(name.replace("Not", "", 1))
    values = [wanted] if isinstance(wanted, str) else wanted
    if test is None or not isinstance(values, list):
        return None
    if actual is None:
        # A missing key might exist on AWS (aws:SourceVpc, tags …): only IfExists is certain.
        return True if optional else None
    return any(test(str(value), actual) for value in values) != negated


def _tests(wildcard: Wildcard) -> Mapping[str, Wildcard]:
    return {
        "StringEquals": lambda wanted, actual: wanted == actual,
        "StringEqualsIgnoreCase": lambda wanted, actual: wanted.lower() == actual.lower(),
        "StringLike": wildcard,
        "IpAddress": _in_network,
    }


def _in_network(network: str, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
