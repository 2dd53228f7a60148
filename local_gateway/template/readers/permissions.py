"""Functions that post to connections without the permission, as far as the template shows.

The gateway lets them post, AWS answers 403: API Gateway developer guide,
apigateway-websocket-control-access-iam.
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from local_gateway.core.model import LambdaFunction
from local_gateway.template.document.source import Json, as_list, as_object
from local_gateway.template.intrinsics.references import references
from local_gateway.template.loading.template import Resource, Template

ACTION = "execute-api:ManageConnections"

# Managed policies that do not allow it; others are trusted.
_WITHOUT_IT = re.compile(
    r":aws:policy/(service-role/)?"
    r"(AWSLambda(BasicExecution|VPCAccessExecution|DynamoDBExecution|KinesisExecution"
    r"|SQSQueueExecution)Role"
    r"|AWSXRayDaemonWriteAccess|AWSXrayWriteOnlyAccess|CloudWatchLambdaInsightsExecutionRolePolicy"
    r"|Amazon(DynamoDB|S3|SQS|SNS|SSM)(FullAccess|ReadOnlyAccess))$"
)
_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
_SUFFIXES = (".py", ".js", ".mjs", ".cjs", ".ts")
_POSTS = re.compile(rb"apigatewaymanagementapi|post_?to_?connection", re.IGNORECASE)


def posting_without_permission(
    template: Template, functions: Mapping[str, LambdaFunction]
) -> Iterator[str]:
    """A warning for each function whose code names the management API and whose role does not.

    Roles that are not in the template, and policies that cannot be read in it, are trusted.
    """
    shared = [function.code for function in functions.values()]
    for function in functions.values():
        resource = template.resources[function.logical_id]
        role = _role(template, resource)
        if role is None or _may_post(template, role):
            continue
        if any(map(_posts, _sources(function, alone=shared.count(function.code) == 1))):
            yield (
                f"{template.place(resource, 'Policies')}: the function posts to connections, but "
                f"its role does not allow {ACTION}: AWS will answer 403"
            )


def _role(template: Template, function: Resource) -> Resource | None:
    for reference in references(function.properties.get("Role")):
        role = template.resources.get(reference.name)
        if role is not None and role.type == "AWS::IAM::Role":
            return role
    return None


def _may_post(template: Template, role: Resource) -> bool:
    policies = [role.properties.get("Policies")]
    for arn in as_list(role.properties.get("ManagedPolicyArns")):
        named = [template.resources.get(reference.name) for reference in references(arn)]
        policies += [policy.properties for policy in named if policy is not None]
        if not any(named) and not _WITHOUT_IT.search(_text(arn)):
            return True
    for kind in _POLICIES:
        for policy in template.of_type(kind):
            holders = [policy.properties.get("Roles"), policy.properties.get("RoleName")]
            if any(reference.name == role.logical_id for reference in references(holders)):
                policies.append(policy.properties)
    return any(_allows(statement) for statement in _statements(policies))


def _text(arn: Json) -> str:
    """The end of an ARN, whose beginning may be put together in any way."""
    value = next(iter(as_object(arn).values()), arn)
    while isinstance(value, list) and value:
        value = value[-1]
    return value if isinstance(value, str) else ""


def _statements(value: Json) -> Iterator[Mapping[str, Json]]:
    """Every policy statement anywhere in a value, also within `Fn::If`."""
    if isinstance(value, list):
        for item in value:
            yield from _statements(item)
    elif isinstance(value, dict):
        if "Effect" in value:
            yield value
        else:
            for member in value.values():
                yield from _statements(member)


def _allows(statement: Mapping[str, Json]) -> bool:
    """True if a statement may allow the action; what is not plain text is trusted."""
    if statement.get("Effect") == "Deny":
        return False
    actions = statement.get("Action")
    patterns = actions if isinstance(actions, list) else [actions]
    return not all(
        isinstance(pattern, str) and not fnmatchcase(ACTION.lower(), pattern.lower())
        for pattern in patterns
    )


def _sources(function: LambdaFunction, *, alone: bool) -> Iterator[Path]:
    """A function's code: its directory, or its handler's file where others' code lies, too."""
    root = function.code
    if not root.is_dir():
        return
    if alone and next(root.glob("*.dist-info"), None) is None:
        for folder, folders, files in root.walk():
            folders[:] = [
                name for name in folders if name != "node_modules" and not name.startswith(".")
            ]
            yield from (folder / name for name in files if name.endswith(_SUFFIXES))
        return
    module = function.handler.rpartition(".")[0]
    for suffix in _SUFFIXES:
        for name in (module, module.replace(".", "/")):
            yield root / f"{name}{suffix}"


def _posts(file: Path) -> bool:
    try:
        return _POSTS.search(file.read_bytes()) is not None
    except OSError:
        return False
