"""First step: a template file becomes a `Template`."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.document.problems import ConsequenceError, Problems
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
from local_gateway.template.loading.leaving_out import check_left_out, inert, without
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
    INERT,
    NOT_SERVED_OF_SAM,
    REMOVE,
    WIRING,
    Treatment,
    is_named_as_not_served,
    refusal,
    treatment,
)
from local_gateway.template.loading.template import Resource, Template
from local_gateway.template.loading.translation import translate

_OBJECTS = ("Conditions", "Globals", "Mappings", "Metadata", "Outputs", "Parameters")
_NAMES_OF_RESERVED_ROUTES = {
    "$connect": "Connect",
    "$disconnect": "Disconnect",
    "$default": "Default",
}


def load_template(
    path: Path,
    parameter_overrides: Mapping[str, str] | None = None,
    stack: Stack | None = None,
    *,
    leave_out: Collection[str] = (),
    problems: Problems | None = None,
) -> Template:
    """Read a SAM or CloudFormation template, expand SAM, apply conditions, read nested stacks.

    Without the resources `leave_out`, and what leads to them. Raises `TemplateError` for everything
    that cannot be read, translated or served; with `problems`, adds to these and goes on without
    the resources that have a problem, as far as it can.
    """
    collected = Problems() if problems is None else problems
    source = load_source(path)
    check_left_out(source, leave_out)
    values = parameter_values(source, parameter_overrides or {}, collected)
    loader = _Loader(collected, frozenset(leave_out))
    template = loader.load(source, stack or Stack(), Parameters(values, {}))
    served = without(template, frozenset(leave_out))
    with_it = [
        item.source.origin(name)
        for name, item in template.resources.items()
        if served.resources[name].type != item.type
    ]
    more = sorted(set(with_it) - set(leave_out))
    also = f", and what leads there: {', '.join(more)}" if more else ""
    asked = [f"left out: {', '.join(leave_out)}{also}"] if leave_out else []
    for resource in served.resources.values():
        with collected.collect():
            _refuse_wiring(served, resource)
    if problems is None:
        collected.raise_if_any()
    unused = _left_out(
        {
            name: served.resources[name]
            for name in served.resources
            if served.resources[name] is template.resources[name]
        }
    )
    warnings = (*template.warnings, *asked, *unused)
    return replace(without(served, collected.resources), warnings=warnings)


@dataclass(frozen=True, slots=True)
class _Loader:
    """Loads a template and the stacks nested in it."""

    problems: Problems
    leave_out: frozenset[str]

    def load(
        self,
        source: Source,
        stack: Stack,
        parameters: Parameters,
        *,
        ancestors: tuple[Path, ...] = (),
    ) -> Template:
        """A template; `ancestors` are the files that it is nested in."""
        problems, given = self.problems, frozenset(parameters.given)
        _check_sections(source, self._left_out_of(source), problems)
        resolver = Resolver(
            stack=stack,
            references=LoadTimeReferences(given),
            parameters=parameters.values,
            mappings=as_object(source.document.get("Mappings")),
            conditions=as_object(source.document.get("Conditions")),
        )
        document = self._translated(source, parameters, resolver)
        declared = as_object(document.get("Resources"))
        names = frozenset(declared) | frozenset(parameters.values) | given
        check_references(source, declared, names, problems)
        # The translator adds conditions of its own.
        resolver = replace(resolver, conditions=as_object(document.get("Conditions")))
        conditions = replace(resolver, references=ConditionReferences(given))
        template = Template(
            source=source,
            stack=stack,
            parameters=parameters.values,
            mappings=resolver.mappings,
            conditions=resolver.conditions,
            resources=_resources(source, declared, conditions, problems),
            outputs=_outputs(source, document, conditions, problems),
            files=frozenset(_files(source)),
            warnings=(*source.warnings, *_routes_lost_by_sam(source)),
        )
        if not ancestors and not template.of_type(STACK):
            return template
        template = without(template, problems.resources)
        template = decide_conditions(template, conditions)
        files = (*ancestors, source.path.resolve())
        load = partial(self.load, ancestors=files)
        return with_nested_stacks(template, resolver, files, load, problems)

    def _left_out_of(self, source: Source) -> frozenset[str]:
        """The names in this template, which may be nested, of what is left out."""
        prefix = source.prefix
        return frozenset(
            name.removeprefix(prefix) for name in self.leave_out if name.startswith(prefix)
        )

    def _translated(self, source: Source, parameters: Parameters, resolver: Resolver) -> JsonObject:
        """The template after SAM, which may refuse resource after resource."""
        declared = as_object(source.document.get("Resources"))
        wanted = inert(declared, self._left_out_of(source))
        _refuse_before_sam(source, wanted, resolver, self.problems)
        while True:
            culprits = self.problems.resources | self.leave_out
            own = {name.removeprefix(source.prefix) for name in culprits} & declared.keys()
            own |= {name for name in declared if not _is_served_by_sam(declared[name])}
            resources = inert(declared, own)
            try:
                return translate(source, resources, parameters.values, resolver)
            except TemplateError as error:
                before = self.problems.resources
                self.problems.add(error)
                if self.problems.resources == before:
                    raise


def _is_served_by_sam(resource: Json) -> bool:
    """Whether the translator can read it; what is wrong with it is said in any case."""
    declared = as_object(resource)
    kind = declared.get("Type")
    if not isinstance(kind, str) or not isinstance(declared.get("Properties") or {}, dict):
        return False
    return kind not in NOT_SERVED_OF_SAM


def _refuse_before_sam(
    source: Source, declared: JsonObject, resolver: Resolver, problems: Problems
) -> None:
    """Refuse types of SAM that become what is not served: SAM's own complaint would mislead."""
    for logical_id, value in declared.items():
        body = as_object(value)
        kind, place = str(body.get("Type")), source.resource_place(logical_id)
        if kind not in NOT_SERVED_OF_SAM:
            continue
        with problems.collect():
            condition = body.get("Condition")
            if not isinstance(condition, str) or resolver.condition(condition, place):
                raise TemplateError(place, *refusal(kind))


def _files(source: Source) -> Iterator[Path]:
    yield source.path.absolute()
    for declared in as_object(source.document.get("Resources")).values():
        uri = as_object(as_object(declared).get("Properties")).get("DefinitionUri")
        if isinstance(uri, str):
            yield source.path.parent.resolve() / uri


def _check_sections(source: Source, leave_out: Collection[str], problems: Problems) -> None:
    sections = template_sections()
    for name in source.document:
        if name not in sections:
            remedy = did_you_mean(name, sections) or f"expected one of {', '.join(sections)}"
            problems.add(TemplateError(source.place(name), "unknown section", remedy))
    for name in _OBJECTS:
        if not isinstance(source.document.get(name) or {}, dict):
            problems.add(TemplateError(source.place(name), "is not an object"))
    resources = source.document.get("Resources")
    if not isinstance(resources, dict) or not resources:
        error = TemplateError(source.place("Resources"), "the template has no resources")
        raise problems.first or error
    for logical_id, resource in resources.items():
        if logical_id not in leave_out:
            with problems.collect():
                _check_resource(source, logical_id, resource)


def _check_resource(source: Source, logical_id: str, resource: Json) -> None:
    place = source.resource_place(logical_id)
    if logical_id.startswith("Fn::ForEach"):
        raise TemplateError(place, "Fn::ForEach is not supported", "write the resources out")
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


def _resources(
    source: Source, declared: JsonObject, resolver: Resolver, problems: Problems
) -> dict[str, Resource]:
    resources: dict[str, Resource] = {}
    for logical_id, value in declared.items():
        with problems.collect():
            resource = _resource(source, logical_id, as_object(value), resolver, problems)
            if resource is not None:
                resources[logical_id] = resource
    return resources


def _resource(
    source: Source, logical_id: str, body: JsonObject, resolver: Resolver, problems: Problems
) -> Resource | None:
    """A resource; None if its condition does not hold. It is inert if it is not served."""
    place = source.resource_place(logical_id)
    condition = body.get("Condition")
    if isinstance(condition, str) and not resolver.condition(condition, place):
        return None
    kind = str(body["Type"])
    if treatment(kind) is Treatment.REFUSED:
        # SAM makes several resources of one that is not served: one word is enough.
        is_named = source.is_written(logical_id) or is_named_as_not_served(kind)
        problems.add((TemplateError if is_named else ConsequenceError)(place, *refusal(kind)))
        kind = INERT
    depends_on = body.get("DependsOn")
    names = as_list(depends_on) or [depends_on]
    properties = _with_local_asset(body, kind)
    _check_properties(source, logical_id, kind, properties, problems)
    return Resource(
        logical_id=logical_id,
        type=kind,
        properties=properties,
        source=source,
        stack=resolver.stack,
        metadata=as_object(body.get("Metadata")),
        depends_on=tuple(name for name in names if isinstance(name, str)),
    )


def _with_local_asset(body: JsonObject, kind: str) -> JsonObject:
    """The properties, with the directory that the CDK names in place of code in its bucket."""
    properties, metadata = as_object(body.get("Properties")), as_object(body.get("Metadata"))
    path, name = metadata.get("aws:asset:path"), CODE_PROPERTIES.get(kind)
    if name is None or not isinstance(path, str) or "S3Key" not in as_object(properties.get(name)):
        return properties
    return {**properties, name: path}


def _check_properties(
    source: Source, logical_id: str, kind: str, properties: JsonObject, problems: Problems
) -> None:
    """Refuse a property that the type does not have, which moto would ignore."""
    names = properties_of_type(kind)
    for name in properties if names else ():
        if name not in names:
            remedy = did_you_mean(name, names) or f"expected one of {', '.join(names)}"
            place = source.resource_place(logical_id, name)
            problems.add(TemplateError(place, "unknown property", remedy))


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


def _outputs(
    source: Source, document: JsonObject, resolver: Resolver, problems: Problems
) -> dict[str, Json]:
    outputs: dict[str, Json] = {}
    for name, declared in as_object(document.get("Outputs")).items():
        place = source.place("Outputs", name)
        output = as_object(declared)
        condition = output.get("Condition")
        with problems.collect():
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
