"""First step: a template file becomes a `Template`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.document.source import (
    Json,
    JsonObject,
    Source,
    as_list,
    as_object,
    load_source,
)
from local_gateway.template.document.stack import Stack
from local_gateway.template.intrinsics.references import check_references, references
from local_gateway.template.intrinsics.resolver import Resolver
from local_gateway.template.loading.nested_stacks import (
    STACK,
    ConditionReferences,
    LoadTimeReferences,
    Parameters,
    decide_conditions,
    with_nested_stacks,
)
from local_gateway.template.loading.parameters import parameter_values
from local_gateway.template.loading.resource_properties import (
    properties_of_type,
    resource_attributes,
    template_sections,
)
from local_gateway.template.loading.resource_types import (
    CODE_PROPERTIES,
    REMOVE,
    WIRING,
    Treatment,
    refusal,
    treatment,
)
from local_gateway.template.loading.template import Resource, Template
from local_gateway.template.loading.translation import translate

_NAMES_OF_RESERVED_ROUTES = {
    "$connect": "Connect",
    "$disconnect": "Disconnect",
    "$default": "Default",
}


def load_template(
    path: Path,
    parameter_overrides: Mapping[str, str] | None = None,
    stack: Stack | None = None,
) -> Template:
    """Read a SAM or CloudFormation template, expand SAM, apply conditions, read nested stacks.

    Raises `TemplateError` for everything that cannot be read, translated or served.
    """
    source = load_source(path)
    _check_sections(source)
    values = parameter_values(source, parameter_overrides or {})
    template = _load(source, stack or Stack(), Parameters(values, {}))
    for resource in template.resources.values():
        _refuse_wiring(template, resource)
    return replace(template, warnings=(*template.warnings, *_left_out(template.resources)))


def _load(
    source: Source, stack: Stack, parameters: Parameters, *, ancestors: tuple[Path, ...] = ()
) -> Template:
    """A template with the stacks nested in it; `ancestors` are the files that it is nested in."""
    _check_sections(source)
    given = frozenset(parameters.given)
    resolver = Resolver(
        stack=stack,
        references=LoadTimeReferences(given),
        parameters=parameters.values,
        mappings=as_object(source.document.get("Mappings")),
        conditions=as_object(source.document.get("Conditions")),
    )
    document = translate(source, parameters.values, resolver)
    declared = as_object(document.get("Resources"))
    check_references(source, declared, frozenset(declared) | frozenset(parameters.values) | given)
    # The translator adds conditions of its own.
    resolver = replace(resolver, conditions=as_object(document.get("Conditions")))
    conditions = replace(resolver, references=ConditionReferences(given))
    template = Template(
        source=source,
        stack=stack,
        parameters=parameters.values,
        mappings=resolver.mappings,
        conditions=resolver.conditions,
        resources=_resources(source, declared, conditions),
        outputs=_outputs(source, document, conditions),
        files=frozenset(_files(source)),
        warnings=(*source.warnings, *_routes_lost_by_sam(source)),
    )
    if not ancestors and not template.of_type(STACK):
        return template
    template = decide_conditions(template, conditions)
    files = (*ancestors, source.path.resolve())
    return with_nested_stacks(template, resolver, files, partial(_load, ancestors=files))


def _files(source: Source) -> Iterator[Path]:
    yield source.path.absolute()
    for declared in as_object(source.document.get("Resources")).values():
        uri = as_object(as_object(declared).get("Properties")).get("DefinitionUri")
        if isinstance(uri, str):
            yield source.path.parent.resolve() / uri


def _check_sections(source: Source) -> None:
    sections = template_sections()
    for name in source.document:
        if name not in sections:
            remedy = did_you_mean(name, sections) or f"expected one of {', '.join(sections)}"
            raise TemplateError(source.place(name), "unknown section", remedy)
    resources = source.document.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise TemplateError(source.place("Resources"), "the template has no resources")
    for logical_id, resource in resources.items():
        if logical_id.startswith("Fn::ForEach"):
            raise TemplateError(
                source.resource_place(logical_id),
                "Fn::ForEach is not supported",
                "write the resources out",
            )
        _check_resource(source, logical_id, resource)


def _check_resource(source: Source, logical_id: str, resource: Json) -> None:
    place = source.resource_place(logical_id)
    if not isinstance(resource, dict):
        raise TemplateError(place, "is not an object", "this may be an indentation mistake")
    # CloudFormation accepts a description, though it does not document it.
    attributes = (*resource_attributes(), "Description")
    for key in resource:
        if key not in attributes:
            remedy = did_you_mean(key, attributes) or "put it under Properties"
            raise TemplateError(place, f"unknown resource attribute {key}", remedy)
    if not isinstance(resource.get("Type"), str):
        raise TemplateError(place, "has no Type", "for example Type: AWS::Serverless::Function")
    if not isinstance(resource.get("Properties") or {}, dict):
        raise TemplateError(place, "Properties is not an object")


def _resources(source: Source, declared: JsonObject, resolver: Resolver) -> dict[str, Resource]:
    resources: dict[str, Resource] = {}
    for logical_id, value in declared.items():
        body = as_object(value)
        place = source.resource_place(logical_id)
        condition = body.get("Condition")
        if isinstance(condition, str) and not resolver.condition(condition, place):
            continue
        kind = str(body["Type"])
        if treatment(kind) is Treatment.REFUSED:
            raise TemplateError(place, *refusal(kind))
        depends_on = body.get("DependsOn")
        names = as_list(depends_on) or [depends_on]
        properties = _with_local_asset(body, kind)
        _check_properties(source, logical_id, kind, properties)
        resources[logical_id] = Resource(
            logical_id=logical_id,
            type=kind,
            properties=properties,
            source=source,
            stack=resolver.stack,
            metadata=as_object(body.get("Metadata")),
            depends_on=tuple(name for name in names if isinstance(name, str)),
        )
    return resources


def _with_local_asset(body: JsonObject, kind: str) -> JsonObject:
    """The properties, with the directory that the CDK names in place of code in its bucket."""
    properties, metadata = as_object(body.get("Properties")), as_object(body.get("Metadata"))
    path, name = metadata.get("aws:asset:path"), CODE_PROPERTIES.get(kind)
    if name is None or not isinstance(path, str) or "S3Key" not in as_object(properties.get(name)):
        return properties
    return {**properties, name: path}


def _check_properties(
    source: Source, logical_id: str, resource_type: str, properties: JsonObject
) -> None:
    """Refuse a property that the type does not have, which moto would ignore."""
    names = properties_of_type(resource_type)
    for name in properties if names else ():
        if name not in names:
            remedy = did_you_mean(name, names) or f"expected one of {', '.join(names)}"
            raise TemplateError(source.resource_place(logical_id, name), "unknown property", remedy)


def _refuse_wiring(template: Template, resource: Resource) -> None:
    """Refuse a data resource that would invoke a function, which moto would never do."""
    name, what = WIRING.get(resource.type, ("", ""))
    for reference in references(resource.properties.get(name)):
        target = template.resources.get(reference.name)
        if target is not None and target.type.startswith("AWS::Lambda::"):
            raise TemplateError(
                template.place(resource, name),
                f"{what} that invoke a function are not served yet",
                REMOVE,
            )


def _outputs(source: Source, document: JsonObject, resolver: Resolver) -> dict[str, Json]:
    outputs: dict[str, Json] = {}
    for name, declared in as_object(document.get("Outputs")).items():
        place = source.place("Outputs", name)
        output = as_object(declared)
        condition = output.get("Condition")
        if isinstance(condition, str) and not resolver.condition(condition, place):
            continue
        if "Value" not in output:
            raise TemplateError(place, "the output has no Value")
        outputs[name] = output["Value"]
    return outputs


def _left_out(resources: Mapping[str, Resource]) -> Iterator[str]:
    """A warning that names what is left out, except for roles, log groups and the like."""
    quiet = (
        "AWS::IAM::",
        "AWS::Logs::",
        "AWS::Lambda::",
        "AWS::CloudWatch::",
        "AWS::CDK::",
        "AWS::CloudFront::",
        "AWS::CodeDeploy::",
        "AWS::ApiGateway::Account",
        "AWS::SQS::QueuePolicy",
        "AWS::SNS::TopicPolicy",
    )
    unexpected = [
        f"{item.logical_id} ({item.type})"
        for item in resources.values()
        if treatment(item.type) is Treatment.LEFT_OUT and not item.type.startswith(quiet)
    ]
    if unexpected:
        yield f"left out, because they have no effect here: {', '.join(unexpected)}"


def _routes_lost_by_sam(source: Source) -> Iterator[str]:
    """Warn of route keys of a `WebSocketApi` that SAM gives the same logical id.

    The translator builds ids with `str.capitalize()`, so `sendMessage` and `sendmessage`, or
    `connect` and `$connect`, become one route: the last one, without an error.
    """
    for logical_id, declared in as_object(source.document.get("Resources")).items():
        resource = as_object(declared)
        if resource.get("Type") != "AWS::Serverless::WebSocketApi":
            continue
        seen: dict[str, str] = {}
        for key in as_object(as_object(resource.get("Properties")).get("Routes")):
            name = _NAMES_OF_RESERVED_ROUTES.get(key, key.capitalize())
            if name in seen:
                place = source.resource_place(logical_id, "Routes", key)
                yield f"{place}: SAM drops the route {seen[name]}: it gives {key} the same id"
            seen[name] = key
