"""`AWS::Events::Rule` resources as typed values: what the gateway delivers of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from local_gateway.core.event_sources.model import EventRule, EventTarget
from local_gateway.core.event_sources.schedule import At, Timetable
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.json_value import as_list, as_object
from local_gateway.template.event_sources.targets import (
    MOTO_TARGETS,
    TargetReader,
    expression,
    refuse_inputs,
    service_of,
)
from local_gateway.template.loading.template import Resource, Template
from local_gateway.template.readers.properties import Properties, properties_of
from local_gateway.template.readers.references import ResourceReferences


@dataclass(frozen=True, slots=True)
class EventRuleReader:
    """Reads the rules of one template, on the default bus and on others."""

    template: Template
    references: ResourceReferences
    targets: TargetReader

    def read(self) -> tuple[EventRule, ...]:
        """The rules; raises `TemplateError` for one that would never do what it says."""
        return tuple(self._rule(item) for item in self.template.of_type("AWS::Events::Rule"))

    def _rule(self, resource: Resource) -> EventRule:
        properties = properties_of(resource, self.references.resolver)
        place = properties.place()
        timetable = self._timetable(properties)
        if timetable is None and properties.value("EventPattern") is None:
            raise TemplateError(place, "the rule has neither EventPattern nor ScheduleExpression")
        return EventRule(
            logical_id=resource.logical_id,
            name=str(self.references.ref(resource.logical_id, place)).rpartition("|")[2],
            arn=str(self.references.attribute(resource.logical_id, "Arn", place)),
            targets=tuple(self._targets(properties, is_scheduled=timetable is not None)),
            timetable=timetable,
            enabled=properties.optional_text("State") != "DISABLED",
        )

    def _timetable(self, properties: Properties) -> Timetable | None:
        if properties.value("ScheduleExpression") is None:
            return None
        bus = properties.optional_text("EventBusName") or "default"
        if bus.rpartition("/")[2] != "default":
            raise TemplateError(
                properties.place("ScheduleExpression"), "schedules are for the default bus only"
            )
        found = expression(properties, "ScheduleExpression")
        if isinstance(found, At):
            raise TemplateError(
                properties.place("ScheduleExpression"),
                "rules have no at(…)",
                "use AWS::Scheduler::Schedule",
            )
        return Timetable(expression=found)

    def _targets(self, properties: Properties, *, is_scheduled: bool) -> Iterator[EventTarget]:
        targets = as_list(properties.value("Targets"))
        for number, value in enumerate(targets):
            target = properties.within(as_object(value), "Targets", number)
            if service_of(target.text("Arn")) in MOTO_TARGETS and not is_scheduled:
                refuse_inputs(target)
            else:
                yield self.targets.target(target, target.text("Id"))
