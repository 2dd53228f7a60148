from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.iam.policy import PolicyError, allows, conditions_hold, matches

ACTION = "execute-api:Invoke"
ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/ws/$connect"


def statement(effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {"Action": ACTION, "Resource": ARN}
    if "NotAction" in elements:
        del defaults["Action"]
    if "NotResource" in elements:
        del defaults["Resource"]
    return {"Effect": effect, **defaults, **elements}


def decide(*statements: dict[str, Any], **context: str) -> bool:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return allows(policy, ACTION, ARN, {f"aws:{key}": value for key, value in context.items()})


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"Action": "*"},
        {"Action": "execute-api:*"},
        {"Action": "EXECUTE-API:invoke"},
        {"Action": ["s3:GetObject", "execute-api:Invoke"]},
        {"Action": "execute-api:Invok?"},
        {"NotAction": "s3:*"},
        {"Resource": "*"},
        {"Resource": ["arn:aws:s3:::b", ARN]},
        {"Resource": "arn:aws:execute-api:*:*:a1b2c3d4e5/*"},
        {"Resource": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/ws/?connect"},
        {"NotResource": "arn:aws:s3:::*"},
    ],
)
def test_a_matching_statement_allows_and_its_deny_wins(elements: dict[str, Any]) -> None:
    assert decide(statement(**elements))
    assert not decide(statement("Deny", **elements), statement())
    assert not decide(statement(), statement("Deny", **elements))


@pytest.mark.parametrize(
    "elements",
    [
        {"Action": "execute-api:ManageConnections"},
        {"Action": []},
        {"NotAction": "execute-api:*"},
        {"NotAction": ["s3:*", "EXECUTE-API:INVOKE"]},
        {"Resource": ARN.upper()},
        {"Resource": ARN.replace("$connect", "GET/*")},
        {"Resource": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/*/*/*"},
        {"Resource": ARN[:-1]},
        {"NotResource": "*"},
        {"NotResource": [ARN]},
    ],
)
def test_a_statement_that_does_not_match_changes_nothing(elements: dict[str, Any]) -> None:
    assert not decide(statement(**elements))
    assert decide(statement("Deny", **elements), statement())


def test_a_single_statement_needs_no_list() -> None:
    assert allows({"Statement": statement()}, ACTION, ARN)


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ({}, "Statement must be"),
        ({"Statement": []}, "at least one"),
        ({"Statement": "Allow"}, "Statement must be"),
        ({"Statement": ["Allow"]}, "each Statement must be an object"),
        ({"Statement": statement("allow")}, 'Effect must be Allow or Deny, got "allow"'),
        ({"Statement": {"Effect": "Allow", "Resource": "*"}}, "either Action or NotAction"),
        ({"Statement": {"Effect": "Allow", "Action": "*"}}, "either Resource or NotResource"),
        ({"Statement": statement() | {"NotAction": "*"}}, "either Action or NotAction"),
        ({"Statement": statement(Action=1)}, "Action must be a string or a list"),
        ({"Statement": statement(Resource=[ARN, None])}, "Resource must be a string or a list"),
        ({"Statement": statement(Condition=[])}, "Condition must be an object"),
    ],
)
def test_a_malformed_policy_says_what_was_expected(policy: dict[str, Any], text: str) -> None:
    with pytest.raises(PolicyError, match=text):
        allows(policy, ACTION, ARN)


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"IpAddress": {"AWS:sourceip": ["198.51.100.1", "192.0.2.7"]}},
        {"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
        {"StringEquals": {"aws:UserAgent": ["Probe/1", "x"]}},
        {"StringEqualsIgnoreCase": {"aws:UserAgent": "PROBE/1"}},
        {"StringNotEquals": {"aws:UserAgent": "x"}},
        {"StringLike": {"aws:UserAgent": "Probe/*"}},
        {"StringNotLike": {"aws:UserAgent": "Mozilla/*"}},
        {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
    ],
)
def test_a_condition_that_holds_lets_its_statement_apply(condition: dict[str, Any]) -> None:
    context = {"SourceIp": "192.0.2.7", "UserAgent": "Probe/1"}
    assert decide(statement(Condition=condition), **context)
    assert not decide(statement(), statement("Deny", Condition=condition), **context)


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}},
        {"IpAddress": {"aws:SourceIp": "not a network"}},
        {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"StringEquals": {"aws:UserAgent": "probe/1"}},
        {"StringLike": {"aws:UserAgent": "Probe"}, "Bool": {"aws:SecureTransport": "true"}},
    ],
)
def test_a_condition_that_fails_takes_its_statement_out(condition: dict[str, Any]) -> None:
    context = {"SourceIp": "192.0.2.7", "UserAgent": "Probe/1"}
    assert not decide(statement(Condition=condition), **context)
    assert decide(statement(), statement("Deny", Condition=condition), **context)


@pytest.mark.parametrize(
    "condition",
    [
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
        {"StringEquals": {"aws:UserAgent": 1}},
        {"StringEquals": "aws:UserAgent"},
    ],
)
def test_a_condition_that_is_not_understood_never_gives_access(condition: dict[str, Any]) -> None:
    context = {"UserAgent": "1"}
    assert not decide(statement(Condition=condition), **context)
    assert not decide(statement(), statement("Deny", Condition=condition), **context)


TEXT = st.text("ab/*?", max_size=12)


def simple_match(pattern: str, text: str) -> bool:
    """The definition of the wildcards, without any thought of speed."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(simple_match(pattern[1:], text[i:]) for i in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and simple_match(pattern[1:], text[1:])


@given(st.text("ab*?", max_size=7), st.text("ab", max_size=9))
def test_wildcards_follow_their_definition(pattern: str, text: str) -> None:
    assert matches(pattern, text) == simple_match(pattern, text)


def test_many_wildcards_do_not_explode() -> None:
    assert not matches("*a" * 200, "a" * 199 + "b" * 2000)


@given(st.lists(st.tuples(st.sampled_from(["Allow", "Deny"]), TEXT), min_size=1, max_size=6))
def test_order_never_matters_and_deny_always_wins(rules: list[tuple[str, str]]) -> None:
    statements = [statement(effect, Resource=resource) for effect, resource in rules]
    outcome = decide(*statements)
    assert outcome == decide(*reversed(statements))
    hits = {effect for effect, resource in rules if matches(resource, ARN)}
    assert outcome == (hits == {"Allow"})
    assert not decide(*statements, statement("Deny"))


IPV6 = {"aws:SourceIp": "2001:db8::7"}
HOLDS = {"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}
FAILS = {"NotIpAddress": {"aws:SourceIp": "2001:db8::/32"}}
UNKNOWN = {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        ({}, True),
        (HOLDS, True),
        (FAILS, False),
        (UNKNOWN, None),
        (HOLDS | UNKNOWN, None),
        (FAILS | UNKNOWN, False),
        ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, False),
        ({"IpAddress": None}, None),
    ],
)
def test_false_is_certain_and_the_unknown_stays_open(
    condition: dict[str, object], outcome: bool | None
) -> None:
    assert conditions_hold(condition, IPV6) is outcome
