"""How each resource of a template would fare, without starting anything."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from local_gateway.core.model import Application
from local_gateway.template.application import build_application
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.problems import NothingServedError, Problems
from local_gateway.template.document.source import Source, as_object
from local_gateway.template.loading.leaving_out import without
from local_gateway.template.loading.resource_types import TYPES_OF_SAM, Treatment, treatment
from local_gateway.template.loading.template import Resource, ResourceValues, Template

# What has nothing left to do without what is not served of it.
_WHOLE = frozenset(
    {
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Scheduler::Schedule",
    }
)
_LINE = re.compile(r"(\d+): ")


class Status(StrEnum):
    """What the gateway does with a resource."""

    REFUSED = "refused"
    LEFT_OUT = "left out"
    APPROXIMATED = "approximated"
    SERVED = "served"
    NO_EFFECT = "no effect"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessedResource:
    """A resource as it is written, with what a person should hear about it."""

    logical_id: str
    type: str
    line: int | None
    status: Status
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What would be served of a template; `notes` are about no single resource.

    `application` is None if the template cannot be served.
    """

    resources: tuple[AssessedResource, ...]
    notes: tuple[str, ...]
    application: Application | None

    def count(self, status: Status) -> int:
        """How many resources have this status."""
        return sum(resource.status is status for resource in self.resources)


def assess(
    template: Template,
    values: ResourceValues,
    problems: Problems,
    *,
    remote_functions: bool = False,
) -> Assessment:
    """Build the application of `template`, of whose loading `problems` are, and report on it."""
    try:
        loaded = build_application(
            template, values, remote_functions=remote_functions, problems=problems
        )
    except TemplateError as error:
        if not isinstance(error, NothingServedError):
            problems.add(error)
        names = {item.place.resource or "" for item in problems.not_served}
        application, final = None, without(template, names)
        warnings = tuple(map(str, problems.not_served)) + template.warnings
    else:
        application, warnings, final = loaded.application, loaded.warnings, loaded.template
    errors = [] if application is not None else problems.errors
    return _Reporter(final, errors, warnings, problems.not_served).assessment(application)


class _Reporter:
    """Sorts errors and warnings, which begin with their place, by resource."""

    def __init__(
        self,
        template: Template,
        errors: Iterable[TemplateError],
        warnings: Iterable[str],
        not_served: Iterable[TemplateError],
    ) -> None:
        self._template = template
        self._sources = {template.source.prefix: template.source}
        for item in template.resources.values():
            self._sources.setdefault(item.source.prefix, item.source)
        self._notes: dict[str, list[str]] = {}
        self._lines: dict[str, int] = {}
        self._others: list[str] = []
        self._refused: set[str] = set()
        self._not_served = {error.place.resource for error in not_served}
        for error in errors:
            self._refused.add(error.place.resource or "")
            self._add(str(error))
        for warning in warnings:
            self._add(warning)

    def assessment(self, application: Application | None) -> Assessment:
        """The assessment."""
        resources = [item for source in self._sources.values() for item in self._of(source)]
        written = {item.logical_id for item in resources}
        resources += [
            AssessedResource(
                logical_id=name,
                type="made by SAM",
                line=self._lines.get(name),
                status=Status.REFUSED if name in self._refused else Status.LEFT_OUT,
                notes=tuple(notes),
            )
            for name, notes in self._notes.items()
            if name not in written
        ]
        order = [*Status]
        resources.sort(key=lambda item: order.index(item.status))
        return Assessment(
            resources=tuple(resources), notes=tuple(self._others), application=application
        )

    def _add(self, text: str) -> None:
        """Note a text with its resource, if it begins with the place of one."""
        rest, line = text, None
        for source in self._sources.values():
            if text.startswith(f"{source.path}:"):
                rest = text.removeprefix(f"{source.path}:").lstrip()
                if (match := _LINE.match(rest)) is not None:
                    line, rest = int(match[1]), rest[match.end() :]
                break
        name, separator, note = rest.partition(": ")
        if not separator or not self._is_resource(name):
            self._others.append(text)
            return
        self._notes.setdefault(name, []).append(note)
        if line is not None:
            self._lines.setdefault(name, line)

    def _is_resource(self, name: str) -> bool:
        own_id = name.rpartition("/")[2]
        declared = (
            as_object(source.document.get("Resources")) for source in self._sources.values()
        )
        return name in self._template.resources or any(own_id in names for names in declared)

    def _of(self, source: Source) -> Iterator[AssessedResource]:
        for own_id, body in as_object(source.document.get("Resources")).items():
            name = f"{source.prefix}{own_id}"
            kind = str(as_object(body).get("Type"))
            notes = [*self._notes.get(name, [])]
            status, reason = self._status(name, kind, has_notes=bool(notes))
            yield AssessedResource(
                logical_id=name,
                type=kind,
                line=source.line("Resources", own_id),
                status=status,
                notes=tuple(notes or ([reason] if reason else [])),
            )

    def _status(self, name: str, kind: str, *, has_notes: bool) -> tuple[Status, str]:
        if name in self._refused:
            return Status.REFUSED, ""
        made = [item for item in self._template.resources.values() if _is_made_of(item, name)]
        nested = any(item.startswith(f"{name}/") for item in self._template.resources)
        if not made and not nested:
            return Status.NO_EFFECT, "its condition is false"
        main = [item for item in made if item.logical_id == name] or made
        if main and not any(item.is_served for item in main):
            return Status.LEFT_OUT, "it belongs to what is left out"
        if treatment(TYPES_OF_SAM.get(kind, kind)) is Treatment.LEFT_OUT:
            return Status.NO_EFFECT, ""
        if name in self._not_served and kind in _WHOLE:
            return Status.LEFT_OUT, ""
        return (Status.APPROXIMATED if has_notes else Status.SERVED), ""


def _is_made_of(resource: Resource, name: str) -> bool:
    logical_id = resource.logical_id
    if logical_id == name:
        return True
    # The origin of a resource of a nested stack has the stack's prefix, as its logical id has.
    return resource.source.origin(logical_id) == name
