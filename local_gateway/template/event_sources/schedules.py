"""`AWS::Scheduler::Schedule` resources as typed values.

Source: EventBridge Scheduler user guide, "Schedule types" and "Using templated targets".
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local_gateway.core.event_sources.model import Schedule
from local_gateway.core.event_sources.schedule import Timetable
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.event_sources.targets import TargetReader, expression
from local_gateway.template.loading.template import Resource, Template
from local_gateway.template.readers.properties import Properties, properties_of
from local_gateway.template.readers.references import ResourceReferences

_PROPERTIES = (
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "Name",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "State",
    "Target",
)
_TARGET_PROPERTIES = ("Arn", "DeadLetterConfig", "Input", "RetryPolicy", "RoleArn", "SqsParameters")


@dataclass(frozen=True, slots=True)
class ScheduleReader:
    """Reads the schedules of one template."""

    template: Template
    references: ResourceReferences
    targets: TargetReader

    def read(self) -> tuple[Schedule, ...]:
        """The schedules; raises `TemplateError` for one that cannot run here."""
        found = self.template.of_type("AWS::Scheduler::Schedule")
        return tuple(self._schedule(resource) for resource in found)

    def _schedule(self, resource: Resource) -> Schedule:
        properties = properties_of(resource, self.references.resolver)
        properties.only(*_PROPERTIES)
        target = properties.section("Target")
        target.only(*_TARGET_PROPERTIES)
        name = str(self.references.ref(resource.logical_id, properties.place()))
        group = properties.optional_text("GroupName") or "default"
        return Schedule(
            logical_id=resource.logical_id,
            name=name,
            arn=resource.stack.arn("scheduler", f"schedule/{group}/{name}"),
            target=self.targets.target(target, resource.logical_id),
            timetable=Timetable(
                expression=expression(properties, "ScheduleExpression"),
                zone=_zone(properties),
                start=_date(properties, "StartDate"),
                end=_date(properties, "EndDate"),
                immediate=True,
            ),
            enabled=properties.choice("State", ("ENABLED", "DISABLED"), "ENABLED") == "ENABLED",
        )


def _zone(properties: Properties) -> ZoneInfo:
    name = properties.optional_text("ScheduleExpressionTimezone") or "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TemplateError(
            properties.place("ScheduleExpressionTimezone"),
            f"{name} is no time zone of this computer",
            "expected a name of the IANA database, such as Asia/Jakarta",
        ) from None


def _date(properties: Properties, name: str) -> datetime | None:
    text = properties.optional_text(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise TemplateError(
            properties.place(name), f"{text} is no time, such as 2030-01-31T09:00:00Z"
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
