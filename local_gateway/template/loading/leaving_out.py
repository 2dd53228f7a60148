"""Leaves resources out of a template, with everything that would lead to them.

A resource that is left out stays in the template as one that does nothing, so that `Ref` and
`Fn::GetAtt` to it still have a value.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.document.source import JsonObject, Source, as_object
from local_gateway.template.intrinsics.references import references
from local_gateway.template.loading.resource_types import INERT
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
    "AWS::ApiGatewayV2::Model": ("ApiId",),
    "AWS::ApiGatewayV2::Route": ("ApiId", "AuthorizerId", "Target"),
    "AWS::ApiGatewayV2::RouteResponse": ("ApiId", "RouteId"),
    "AWS::ApiGatewayV2::Stage": ("ApiId", "DeploymentId"),
    "AWS::Cognito::UserPoolClient": ("UserPoolId",),
    "AWS::Cognito::UserPoolGroup": ("UserPoolId",),
    "AWS::Events::Rule": ("EventBusName", "Targets"),
    "AWS::Lambda::Alias": ("FunctionName",),
    "AWS::Lambda::EventInvokeConfig": ("FunctionName",),
    "AWS::Lambda::EventSourceMapping": ("EventSourceArn", "FunctionName"),
    "AWS::Lambda::Version": ("FunctionName",),
    "AWS::SNS::Subscription": ("Endpoint", "TopicArn"),
    "AWS::Scheduler::Schedule": ("Target",),
}


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
        name: replace(item, type=INERT, properties={}, depends_on=())
        if name in gone
        else _without_operations(item, gone)
        for name, item in template.resources.items()
    }
    return replace(template, resources=resources)


def _leads_to(resource: Resource, gone: Collection[str]) -> bool:
    return any(
        reference.name in gone
        for name in _LEADING.get(resource.type, ())
        for reference in references(resource.properties.get(name))
    )


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
