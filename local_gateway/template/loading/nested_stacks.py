"""Nested stacks: their resources become resources of the template that names them.

`AWS::Serverless::Application` and `AWS::CloudFormation::Stack` name a template file. Its resources
get logical ids such as `Nested/Function`, its parameters are replaced by the values, or by the
intrinsics, that the parent passes, and `Nested.Outputs.Name` in the parent is replaced by the value
of the output. So every later step sees a single template.

Source: CloudFormation user guide, "Embed stacks within other stacks using nested stacks".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from local_gateway.template.document.errors import Place, TemplateError, did_you_mean
from local_gateway.template.document.problems import NotServedError, Problems
from local_gateway.template.document.source import (
    Json,
    Source,
    as_object,
    load_source,
    scalar_text,
)
from local_gateway.template.document.stack import Stack
from local_gateway.template.intrinsics.references import Reference, Rewriter, references
from local_gateway.template.intrinsics.resolver import PENDING, Resolver
from local_gateway.template.loading.leaving_out import without
from local_gateway.template.loading.parameters import (
    checked_value,
    default_value,
    is_list_type,
    parameter_type,
)
from local_gateway.template.loading.template import GivenParameter, Resource, Template

STACK = "AWS::CloudFormation::Stack"

_REMOTE = ("s3://", "http://", "https://")
_OUTPUTS = "Outputs."


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a stack: `values`, and those `given` as intrinsics of the parent.

    A parameter is given when its value depends on a resource, which does not exist yet.
    """

    values: Mapping[str, Json]
    given: Mapping[str, GivenParameter]


class NotYetKnownError(TemplateError):
    """A value depends on a resource while the template is read."""


@dataclass(frozen=True, slots=True)
class LoadTimeReferences:
    """The references while a template is read: only parameters have a value."""

    given: frozenset[str] = frozenset()

    def ref(self, logical_id: str, place: Place) -> Json:
        """Raise `NotYetKnownError`."""
        if logical_id in self.given:
            raise NotYetKnownError(
                place,
                f"the parent stack passes {logical_id} from a resource, which does not exist yet",
                "pass a value that stands in the template",
            )
        raise NotYetKnownError(
            place,
            f"{logical_id} does not exist yet when this is read",
            "only parameters can be used in this place",
        )

    def attribute(self, logical_id: str, name: str, place: Place) -> Json:
        """Raise `NotYetKnownError`."""
        return self.ref(f"{logical_id}.{name}", place)

    def imported(self, name: str, place: Place) -> Json:
        """Raise `NotYetKnownError`."""
        return self.ref(name, place)


class ConditionReferences(LoadTimeReferences):
    """The same in conditions, which may ask whether the parent passes a parameter at all."""

    def ref(self, logical_id: str, place: Place) -> Json:
        """A text that stands for a value that is not empty."""
        if logical_id in self.given:
            return f"{PENDING}{logical_id}"
        return super().ref(logical_id, place)


class Load(Protocol):
    """Loads the template of a nested stack, with the stacks nested in it."""

    def __call__(self, source: Source, stack: Stack, parameters: Parameters) -> Template: ...


def decide_conditions(template: Template, resolver: Resolver) -> Template:
    """`template` with the chosen branch in the place of each `Fn::If`."""
    return _rewrite(template, Rewriter(lambda _, __: None, resolver.condition))


def with_nested_stacks(
    template: Template,
    resolver: Resolver,
    ancestors: tuple[Path, ...],
    load: Load,
    problems: Problems,
) -> Template:
    """`template` with the resources of its nested stacks; no `Fn::If` may be left in it.

    A nested stack that is not in a local file and parameters that do not fit its template are
    problems; the stack is left out then. Raises `TemplateError` for stacks that depend on each
    other.
    """
    nested: dict[str, Template] = {}
    failed: set[str] = set()
    for resource in _in_order(template):
        try:
            ready = _with_outputs(template, nested)
            stack = _NestedStack(ready, ready.resources[resource.logical_id], resolver, ancestors)
            nested[resource.logical_id] = stack.load(load)
        except TemplateError as error:
            problems.add(error)
            failed.add(resource.logical_id)
    template = without(template, failed)
    with problems.collect():
        template = _with_outputs(template, nested)
    return _merged(template, nested)


def _in_order(template: Template) -> list[Resource]:
    """The nested stacks, each after those that it depends on."""
    stacks = template.of_type(STACK)
    needed = {stack.logical_id: set(_needed(template, stack)) for stack in stacks}
    return sorted(
        stacks, key=lambda stack: sum(other in needed[stack.logical_id] for other in needed)
    )


def _needed(template: Template, stack: Resource) -> Iterator[str]:
    """All dependencies of a nested stack; raises `TemplateError` when they lead in a circle."""
    chains: list[list[str]] = [[stack.logical_id]]
    seen: set[str] = set()
    while chains:
        chain = chains.pop(0)
        resource = template.resources[chain[-1]]
        names = {reference.name for reference in references(resource.properties)}
        for name in sorted(names | set(resource.depends_on)):
            if name == stack.logical_id:
                circle = " → ".join([*chain, name])
                raise TemplateError(
                    template.place(stack), f"the resources depend on each other: {circle}"
                )
            if name in template.resources and name not in seen:
                seen.add(name)
                chains.append([*chain, name])
                yield name


@dataclass(frozen=True, slots=True)
class _NestedStack:
    """A nested stack as its parent declares it."""

    parent: Template
    resource: Resource
    resolver: Resolver
    ancestors: tuple[Path, ...]

    def load(self, load: Load) -> Template:
        """The nested template in the names of its parent."""
        logical_id = self.resource.logical_id
        source = replace(
            load_source(self._path()), prefix=f"{self.parent.source.prefix}{logical_id}/"
        )
        stack = self.parent.stack.nested(logical_id)
        parameters = self._parameters(source)
        template = load(source, stack, parameters)
        prefix = f"{logical_id}/"
        rewriter = Rewriter(_ParentNames(prefix, stack, parameters), prefix=prefix)
        template = _rewrite(template, rewriter)
        given = (*parameters.given.values(), *template.given_parameters)
        return replace(template, given_parameters=given)

    def _path(self) -> Path:
        source, logical_id = self.parent.source, self.resource.logical_id
        is_application = ("Resources", logical_id, "Properties", "Location") in source.lines
        place = self.parent.place(self.resource, "Location" if is_application else "TemplateURL")
        location = self.resolver.resolve(self.resource.properties.get("TemplateURL"), place)
        if not isinstance(location, str):
            raise TemplateError(place, "expected the path of a template file")
        if not location or location.startswith(_REMOTE):
            # The translator leaves the URL empty for an application that it does not find here.
            where = "at a URL" if location else "in the Serverless Application Repository"
            raise NotServedError(
                place,
                f"the nested template is {where}, not on this machine",
                "it is left out; to serve it, give the path of a template file",
            )
        if location.startswith("file://"):
            location = unquote(urlsplit(location).path)
        path = (source.path.resolve().parent / location).resolve()
        if path in self.ancestors:
            chain = " → ".join(file.name for file in [*self.ancestors, path])
            raise TemplateError(place, f"the template is nested in itself: {chain}")
        if not path.is_file():
            raise TemplateError(
                place, f"there is no template file {path}", "give the path of a template file"
            )
        return path

    def _parameters(self, source: Source) -> Parameters:
        place = self.parent.place(self.resource, "Parameters")
        passed = self.resource.properties.get("Parameters") or {}
        if not isinstance(passed, dict):
            raise TemplateError(place, "expected an object")
        declared = as_object(source.document.get("Parameters"))
        for name in passed:
            if name not in declared:
                existing = ", ".join(declared) or "none"
                raise TemplateError(
                    self.parent.place(self.resource, "Parameters", name),
                    f"{source.path.name} has no parameter {name}, its parameters are: {existing}",
                    did_you_mean(name, list(declared)),
                )
        values: dict[str, Json] = {}
        given: dict[str, GivenParameter] = {}
        for name, declaration in declared.items():
            parameter = GivenParameter(
                declaration=as_object(declaration),
                value=passed.get(name),
                place=self.parent.place(self.resource, "Parameters", name),
            )
            try:
                values[name] = self._value(parameter, source)
            except NotYetKnownError:
                given[name] = parameter
        return Parameters(values, given)

    def _value(self, parameter: GivenParameter, source: Source) -> Json:
        place = parameter.place
        value = self.resolver.resolve(parameter.value, place)
        if value is None:
            remedy = f"{source.path.name} needs it, give it under Parameters"
            return default_value(parameter.declaration, place, remedy)
        if isinstance(value, (list, dict)):
            raise TemplateError(place, "expected text", 'for a list write !Join [",", …]')
        return checked_value(parameter.declaration, scalar_text(value), place)


@dataclass(frozen=True, slots=True)
class _ParentNames:
    """Replaces a reference inside a nested template by what it is in its parent."""

    prefix: str
    stack: Stack
    parameters: Parameters

    def __call__(self, reference: Reference, place: Place) -> Json:
        name, attribute = reference.name, reference.attribute
        if name.startswith("AWS::"):
            own = {"AWS::StackName": self.stack.name, "AWS::StackId": self.stack.stack_id}
            return own.get(name)
        if name in self.parameters.values:
            return self.parameters.values[name]
        if (given := self.parameters.given.get(name)) is not None:
            is_list = is_list_type(parameter_type(given.declaration, given.place))
            return {"Fn::Split": [",", given.value]} if is_list else given.value
        if attribute is None:
            return {"Ref": f"{self.prefix}{name}"}
        return {"Fn::GetAtt": [f"{self.prefix}{name}", attribute]}


def _with_outputs(template: Template, nested: Mapping[str, Template]) -> Template:
    """`template` with the values of the nested stacks' outputs instead of references to them."""

    def value(reference: Reference, place: Place) -> Json:
        if (inner := nested.get(reference.name)) is None:
            return None
        if reference.attribute is None:
            return inner.stack.stack_id
        name = reference.attribute.removeprefix(_OUTPUTS)
        if reference.attribute.startswith(_OUTPUTS) and name in inner.outputs:
            return inner.outputs[name]
        existing = ", ".join(inner.outputs) or "none"
        raise TemplateError(
            place,
            f"{reference.name} has no {reference.attribute}, its outputs are: {existing}",
            did_you_mean(name, list(inner.outputs)) or f"write {reference.name}.Outputs.NAME",
        )

    return _rewrite(template, Rewriter(value))


def _merged(template: Template, nested: Mapping[str, Template]) -> Template:
    """One template of all."""
    inner_ids = {
        name: tuple(f"{name}/{logical_id}" for logical_id in inner.resources)
        for name, inner in nested.items()
    }

    resources: list[Resource] = []
    for resource in template.resources.values():
        needed = tuple(
            item for name in resource.depends_on for item in inner_ids.get(name, (name,))
        )
        if (inner := nested.get(resource.logical_id)) is None:
            resources.append(replace(resource, depends_on=needed))
            continue
        prefix = f"{resource.logical_id}/"
        resources += [
            replace(
                item,
                logical_id=f"{prefix}{item.logical_id}",
                depends_on=(*(f"{prefix}{name}" for name in item.depends_on), *needed),
            )
            for item in inner.resources.values()
        ]
    mappings = dict(template.mappings)
    given, files, warnings = [*template.given_parameters], template.files, [*template.warnings]
    for name, inner in nested.items():
        mappings |= {f"{name}/{key}": value for key, value in inner.mappings.items()}
        given += inner.given_parameters
        files |= inner.files
        warnings += inner.warnings
    return replace(
        template,
        resources={resource.logical_id: resource for resource in resources},
        mappings=mappings,
        given_parameters=tuple(given),
        files=files,
        warnings=tuple(warnings),
    )


def _rewrite(template: Template, rewriter: Rewriter) -> Template:
    """A template with all its values rewritten."""
    source = template.source
    return replace(
        template,
        resources={
            logical_id: replace(
                resource,
                properties={
                    name: rewriter.rewrite(value, template.place(resource, name))
                    for name, value in resource.properties.items()
                },
            )
            for logical_id, resource in template.resources.items()
        },
        outputs={
            name: rewriter.rewrite(value, source.place("Outputs", name))
            for name, value in template.outputs.items()
        },
        given_parameters=tuple(
            replace(parameter, value=rewriter.rewrite(parameter.value, parameter.place))
            for parameter in template.given_parameters
        ),
    )
