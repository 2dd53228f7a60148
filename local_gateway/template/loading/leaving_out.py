"""Leaves resources out of a template, with everything that would lead to them.

A resource that is left out stays in the template, so that `Ref` and `Fn::GetAtt` to it still have a
value.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.document.source import Json, JsonObject, Source, as_list, as_object
from local_gateway.template.intrinsics.references import references
from local_gateway.template.loading.resource_types import INERT, Treatment, treatment
from local_gateway.template.loading.template import Resource, Template

# By type: the properties without whose resource it has nothing to do.
_LEADING: Mapping[str, tuple[str, ...]] = {
    "AWS::ApiGateway::Authorizer": ("RestApiId", "AuthorizerUri"),
    "AWS::ApiGateway::Deployment": ("RestApiId",),
    "AWS::ApiGateway::GatewayResponse": ("RestApiId",),
    "AWS::ApiGateway::Method": ("RestApiId", "ResourceId", "AuthorizerId", "Integration"),
    "AWS::ApiGateway::Model": ("RestApiId",),
    "AWS::ApiGateway::RequestValidator": ("RestApiId",),
    "AWS::ApiGateway::Resource": ("RestApiId", "ParentId"),
    "AWS::ApiGateway::Stage": ("RestApiId", "DeploymentId"),
    "AWS::ApiGateway::UsagePlan": ("ApiStages",),
    "AWS::ApiGateway::UsagePlanKey": ("KeyId", "UsagePlanId"),
    "AWS::ApiGatewayV2::Authorizer": ("ApiId", "AuthorizerUri"),
    "AWS::ApiGatewayV2::Deployment": ("ApiId",),
    "AWS::ApiGatewayV2::Integration": ("ApiId", "IntegrationUri"),
    "AWS::ApiGatewayV2::IntegrationResponse": ("ApiId", "IntegrationId"),
    "AWS::ApiGatewayV2::Model": ("ApiId",),
    "AWS::ApiGatewayV2::Route": ("ApiId", "AuthorizerId", "Target"),
    "AWS::ApiGatewayV2::RouteResponse": ("ApiId", "RouteId"),
    "AWS::ApiGatewayV2::Stage": ("ApiId", "DeploymentId"),
    "AWS::Cognito::UserPoolClient": ("UserPoolId",),
    "AWS::Cognito::UserPoolGroup": ("UserPoolId",),
    "AWS::Events::Rule": ("EventBusName",),
    "AWS::Lambda::Alias": ("FunctionName",),
    "AWS::Lambda::EventInvokeConfig": ("FunctionName",),
    "AWS::Lambda::EventSourceMapping": ("EventSourceArn", "FunctionName"),
    "AWS::Lambda::Version": ("FunctionName",),
    "AWS::SNS::Subscription": ("Endpoint", "TopicArn"),
    "AWS::Scheduler::Schedule": ("Target",),
}
# Parts of what is reported by another name.
_PARTS = frozenset(
    {
        "AWS::ApiGatewayV2::Deployment",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::IntegrationResponse",
        "AWS::ApiGatewayV2::RouteResponse",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Version",
    }
)


def check_left_out(source: Source, leave_out: Collection[str]) -> None:
    """Raise `TemplateError` for a logical id that the template does not have."""
    existing = as_object(source.document.get("Resources"))
    for name in leave_out:
        if name.partition("/")[0] not in existing:
            raise TemplateError(
                source.place("Resources"),
                f"--leave-out names {name}, which is not a resource of the template",
                did_you_mean(name, existing) or f"the resources are: {', '.join(existing)}",
            )


def inert(declared: JsonObject, names: Collection[str]) -> JsonObject:
    """The `Resources` section with nothing in the place of `names`, before SAM sees it."""
    return {
        logical_id: {"Type": INERT} if logical_id in names else resource
        for logical_id, resource in declared.items()
    }


def without(template: Template, names: Collection[str]) -> Template:
    """`template` without these resources, and without what leads to them.

    `names` are logical ids as they are written: what SAM made from a resource goes with it.
    """
    gone = {
        item.logical_id
        for item in template.resources.values()
        if item.logical_id in names or item.source.origin(item.logical_id) in names
    }
    before = -1
    while before != len(gone):
        before = len(gone)
        gone |= {item.logical_id for item in template.resources.values() if _leads_to(item, gone)}
    if not gone:
        return template
    resources = {
        name: replace(item, left_out=True, depends_on=())
        if name in gone
        else _without_targets(_without_operations(item, gone), gone)
        for name, item in template.resources.items()
    }
    return replace(template, resources=resources)


def what_went_along(before: Template, after: Template, names: Collection[str]) -> list[str]:
    """What else is left out in `after`, for a person: routes by their key.

    `names` are the logical ids that are left out for a reason of their own.
    """
    along: list[str] = []
    for name, resource in after.resources.items():
        origin = resource.source.origin(name)
        if not resource.left_out or before.resources[name].left_out or {name, origin} & {*names}:
            continue
        if resource.type == "AWS::ApiGatewayV2::Route":
            along.append(f"the route {resource.properties.get('RouteKey')}")
        elif resource.type not in _PARTS:
            along.append(name if resource.source.is_written(name) else origin)
    return list(dict.fromkeys(along))


def providers(template: Template) -> set[str]:
    """The functions that only custom resources without an effect here would invoke."""
    custom = {
        item.logical_id: item
        for item in template.resources.values()
        if item.type.startswith("Custom::") and treatment(item.type) is Treatment.LEFT_OUT
    }
    names = {
        reference.name
        for item in custom.values()
        for reference in references(item.properties.get("ServiceToken"))
    }
    used = {
        reference.name
        for item in template.served
        if item.logical_id not in custom and treatment(item.type) is not Treatment.LEFT_OUT
        for reference in references(item.properties)
    }
    return names - used


def _leads_to(resource: Resource, gone: Collection[str]) -> bool:
    targets = as_list(resource.properties.get("Targets"))
    if resource.type == "AWS::Events::Rule" and targets and not _kept(targets, gone):
        return True
    return any(
        reference.name in gone
        for name in _LEADING.get(resource.type, ())
        for reference in references(resource.properties.get(name))
    )


def _kept(values: list[Json], gone: Collection[str]) -> list[Json]:
    """The values that do not refer to what is gone."""
    return [
        value
        for value in values
        if not any(reference.name in gone for reference in references(value))
    ]


def _without_targets(rule: Resource, gone: Collection[str]) -> Resource:
    """A rule without the targets that are gone."""
    targets = as_list(rule.properties.get("Targets"))
    if rule.type != "AWS::Events::Rule" or not targets:
        return rule
    return replace(rule, properties={**rule.properties, "Targets": [*_kept(targets, gone)]})


def _without_operations(api: Resource, gone: Collection[str]) -> Resource:
    """An API without the operations of its OpenAPI document that lead to what is gone."""
    body = as_object(api.properties.get("Body"))
    if api.type not in ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api") or not body:
        return api
    paths: JsonObject = {
        path: {
            method: operation
            for method, operation in as_object(operations).items()
            if not any(reference.name in gone for reference in references(operation))
        }
        for path, operations in as_object(body.get("paths")).items()
    }
    return replace(api, properties={**api.properties, "Body": {**body, "paths": paths}})
