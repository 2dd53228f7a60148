"""First step: a template file becomes a `Template`."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.document.problems import NotServedError, Problems
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
from local_gateway.template.loading.leaving_out import (
    check_left_out,
    inert,
    providers,
    what_went_along,
    without,
)
from local_gateway.template.loading.macros import Expanded, expand
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
    ASSET_PROPERTIES,
    INERT,
    NOT_SERVED_OF_SAM,
    TYPES_OF_SAM,
    WIRING,
    Treatment,
    is_named_as_not_served,
    misspelled,
    treatment,
    why_not_served,
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

    Without the resources `leave_out`, without those that are not served, and without what leads to
    either. Raises `TemplateError` for everything that cannot be read or translated; with
    `problems`, adds to these and goes on without the resources that have a problem, as far as it
    can.
    """
    collected = Problems() if problems is None else problems
    source = load_source(path)
    check_left_out(source, leave_out)
    values = parameter_values(source, parameter_overrides or {}, collected)
    loader = _Loader(collected, frozenset(leave_out))
    template = loader.load(source, stack or Stack(), Parameters(values, {}))
    asked = without(template, leave_out)
    warnings = [*template.warnings, *_warning_of_request(template, asked, leave_out)]
    not_served = [name for name, item in asked.resources.items() if not item.is_served]
    served = without(asked, not_served)
    warnings += _warning_of_company(asked, served, not_served)
    served = _without_wiring(without(served, providers(served)), collected)
    if problems is None:
        collected.raise_if_any()
    return replace(
        without(served, collected.resources),
        not_served=tuple(collected.not_served),
        warnings=(*warnings, *_left_out(served.served)),
    )


def without_functions(template: Template, failed: Collection[str]) -> Template:
    """`template` without these functions, and without what leads to them; a warning says so."""
    served = without(template, failed)
    warnings = _warning_of_company(template, served, failed)
    return replace(served, warnings=(*template.warnings, *warnings))


def _warning_of_request(
    before: Template, after: Template, leave_out: Collection[str]
) -> Iterator[str]:
    if leave_out:
        along = what_went_along(before, after, leave_out)
        also = f", and what leads there: {', '.join(along)}" if along else ""
        yield f"left out: {', '.join(leave_out)}{also}"


def _warning_of_company(
    before: Template, after: Template, not_served: Collection[str]
) -> Iterator[str]:
    """What is left out because it leads to what is not served."""
    if along := what_went_along(before, after, not_served):
        open_to_all = "; without its $connect route the API accepts every client"
        yield (
            f"left out, because it leads to what is not served: {', '.join(along)}"
            f"{open_to_all if 'the route $connect' in along else ''}"
        )


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
        expanded = expand(source, _resolver(source, stack, parameters), problems)
        source = expanded.source
        _check_sections(source, self._left_out_of(source), problems)
        resolver = _resolver(source, stack, parameters)
        document = self._translated(expanded, parameters, resolver)
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
            files=frozenset(_files(source)) | expanded.files,
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

    def _translated(
        self, expanded: Expanded, parameters: Parameters, resolver: Resolver
    ) -> JsonObject:
        """The template after SAM, which may refuse resource after resource."""
        source = expanded.source
        declared = as_object(source.document.get("Resources"))
        not_served = {name for name in declared if not _is_served_by_sam(declared[name])}
        not_served |= expanded.left_out
        while True:
            culprits = self.problems.resources | self.leave_out
            own = {name.removeprefix(source.prefix) for name in culprits} & declared.keys()
            resources = inert(declared, own | not_served)
            try:
                return translate(source, resources, parameters.values, resolver)
            except NotServedError as error:
                self.problems.add(error)
                not_served.add(str(error.place.resource).rpartition("/")[2])
            except TemplateError as error:
                before = self.problems.resources
                self.problems.add(error)
                if self.problems.resources == before:
                    raise


def _resolver(source: Source, stack: Stack, parameters: Parameters) -> Resolver:
    """A resolver while the template is read, before the SAM translator adds its conditions."""
    return Resolver(
        stack=stack,
        references=LoadTimeReferences(frozenset(parameters.given)),
        parameters=parameters.values,
        mappings=as_object(source.document.get("Mappings")),
        conditions=as_object(source.document.get("Conditions")),
    )


def _is_served_by_sam(resource: Json) -> bool:
    """Whether the translator can read it; what is wrong with it is said in any case."""
    declared = as_object(resource)
    kind = declared.get("Type")
    if not isinstance(kind, str) or not isinstance(declared.get("Properties") or {}, dict):
        return False
    return kind not in NOT_SERVED_OF_SAM


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
    """A resource; None if its condition does not hold."""
    place = source.resource_place(logical_id)
    condition = body.get("Condition")
    if isinstance(condition, str) and not resolver.condition(condition, place):
        return None
    kind = str(body["Type"])
    if kind == INERT and source.is_written(logical_id):
        kind = _type_as_written(source, logical_id)
    if treatment(kind) is Treatment.NOT_SERVED:
        if remedy := misspelled(kind):
            raise TemplateError(place, f"there is no type {kind}", remedy)
        # SAM makes several resources of one that is not served: one warning is enough.
        if is_named_as_not_served(kind) or source.is_written(logical_id):
            is_whole = source.is_written(logical_id) or not source.is_written(place.resource or "")
            remedy = "it is left out" if is_whole else "that part of it is left out"
            problems.add(NotServedError(place, why_not_served(kind), remedy))
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
        left_out=body["Type"] == INERT != _type_as_written(source, logical_id),
    )


def _type_as_written(source: Source, logical_id: str) -> str:
    """The type of a resource of the file, in terms of CloudFormation; empty for any other."""
    written = as_object(as_object(source.document.get("Resources")).get(logical_id)).get("Type")
    return TYPES_OF_SAM.get(str(written), str(written)) if isinstance(written, str) else ""


def _with_local_asset(body: JsonObject, kind: str) -> JsonObject:
    """The properties, with the file or folder that the CDK names in place of one in its bucket."""
    properties, metadata = as_object(body.get("Properties")), as_object(body.get("Metadata"))
    path, name = metadata.get("aws:asset:path"), ASSET_PROPERTIES.get(kind)
    if name is None or not isinstance(path, str) or not isinstance(properties.get(name), dict):
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


def _without_wiring(template: Template, problems: Problems) -> Template:
    """Without the properties of data resources that would invoke a function: moto never does."""
    resources = dict(template.resources)
    for resource in template.served:
        name, what = WIRING.get(resource.type, ("", ""))
        value = resource.properties.get(name)
        items = as_list(value) or [value]
        kept = [item for item in items if not _invokes_function(item, template)]
        if len(kept) == len(items):
            continue
        problems.add(
            NotServedError(
                template.place(resource, name),
                f"{what} that invoke a function are not served",
                "the resource exists without them",
            )
        )
        properties = {**resource.properties, name: [*kept] if isinstance(value, list) else None}
        resources[resource.logical_id] = replace(resource, properties=properties)
    return replace(template, resources=resources)


def _invokes_function(value: Json, template: Template) -> bool:
    targets = (template.resources.get(reference.name) for reference in references(value))
    return any(item is not None and item.type.startswith("AWS::Lambda::") for item in targets)


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


def _left_out(resources: Iterable[Resource]) -> Iterator[str]:
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
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "Custom::ApiGatewayAccountRole",
        "Custom::LogRetention",
        "Custom::S3AutoDeleteObjects",
        "Custom::VpcRestrictDefaultSG",
    )
    unexpected = [
        f"{item.logical_id} ({item.type})"
        for item in resources
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
