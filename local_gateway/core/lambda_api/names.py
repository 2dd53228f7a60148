"""The names by which the Lambda API calls functions: a name or an ARN, with a version or alias.

Source: Lambda API reference, "Invoke", `FunctionName` and `Qualifier`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from local_gateway.core.lambda_api.errors import (
    LambdaApiError,
    function_not_found,
    invalid_parameter,
    validation_error,
)
from local_gateway.core.model import Application, LambdaFunction

LATEST = "$LATEST"

_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
    r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?P<region>[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?"
    r"(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_.-]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)
_QUALIFIER = re.compile(r"\$LATEST|[a-zA-Z0-9_-]+")
_LONGEST_NAME, _LONGEST_QUALIFIER = 170, 128


@dataclass(frozen=True, slots=True)
class Target:
    """A function, the qualifier that it was called by, if any, and the version that this means."""

    function: LambdaFunction
    qualifier: str | None = None
    version: str = LATEST


def find_target(application: Application, text: str, qualifier: str | None = None) -> Target:
    """The function and version behind a name and a qualifier; raises `LambdaApiError`."""
    match = _NAME.fullmatch(text)
    if match is None or len(text) > _LONGEST_NAME:
        raise validation_error("functionName", text, _PATTERN)
    if qualifier is not None and (
        not _QUALIFIER.fullmatch(qualifier) or len(qualifier) > _LONGEST_QUALIFIER
    ):
        raise validation_error("qualifier", qualifier, r"(|[a-zA-Z0-9$_-]+)")
    named = match["qualifier"]
    if named is not None and qualifier is not None and named != qualifier:
        raise invalid_parameter(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    region = match["region"] or application.region
    if region != application.region:
        raise LambdaApiError(
            404,
            "ResourceNotFoundException",
            f"Functions from '{region}' are not reachable in this region ('{application.region}')",
        )
    return _target(application, match, named or qualifier)


def _target(application: Application, match: re.Match[str], qualifier: str | None) -> Target:
    name, account = match["name"], match["account"] or application.account_id
    functions = {function.name: function for function in application.functions.values()}
    function = functions.get(name) if account == application.account_id else None
    if function is not None and (qualifier is None or qualifier == LATEST):
        return Target(function, qualifier)
    versions: Mapping[str, str] = {}
    if function is not None:
        versions = application.qualifiers.get(function.logical_id, {})
    if function is None or qualifier is None or qualifier not in versions:
        arn = f"arn:{application.partition}:lambda:{application.region}:{account}:function:{name}"
        error = function_not_found(f"{arn}:{qualifier}" if qualifier is not None else arn)
        error.detail += f"; the functions are: {', '.join(functions) or 'none'}"
        raise error
    return Target(function, qualifier, versions[qualifier])
