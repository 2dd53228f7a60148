"""Event rules and schedules, with their targets, as typed values.

Source: EventBridge Scheduler user guide, "Schedule types" and "Using templated targets".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local_gateway.core.event_sources.model import EventRule, EventTarget, Schedule, TargetInput
from local_gateway.core.event_sources.schedule import At, Expression, Timetable, parse_expression
from local_gateway.core.event_sources.target_input import input_problem
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.problems import NotServedError
from local_gateway.template.document.source import as_list, as_object
from local_gateway.template.loading.resource_properties import properties_of_type
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate
from local_gateway.template.readers.service_limits import event_pattern_problem
from local_gateway.template.readers.sqs import QueueDirectory

# By the service in a target's ARN: who delivers to it.
GATEWAY_TARGETS = frozenset({"lambda", "sqs", "states"})
MOTO_TARGETS = frozenset({"events", "logs"})

_TARGET_ID = re.compile(r"[.\-_A-Za-z0-9]{1,64}")
_INPUTS = ("Input", "InputPath", "InputTransformer")


def service_of(arn: str) -> str:
    """The service that an ARN belongs to, empty for a text that is not an ARN."""
    parts = arn.split(":")
    return parts[2] if len(parts) >= 6 and parts[0] == "arn" else ""


@dataclass(frozen=True, slots=True)
class TargetReader:
    """Reads targets that are functions, queues or state machines of the template."""

    functions: FunctionDirectory
    queues: QueueDirectory

    def target(self, properties: Properties, target_id: str) -> EventTarget:
        """A target; raises `TemplateError` for one that cannot be delivered to."""
        arn = properties.text("Arn")
        is_function = service_of(arn) == "lambda"
        if service_of(arn) not in GATEWAY_TARGETS:
            raise NotServedError(
                properties.place("Arn"),
                f"the target {arn} is not served, only functions, queues and state machines",
                "nothing is sent there",
            )
        queue = self.queues.find(properties, "Arn") if service_of(arn) == "sqs" else None
        group = properties.section("SqsParameters").optional_text("MessageGroupId")
        if queue is not None and queue.is_fifo and group is None:
            raise TemplateError(
                properties.place(), "a FIFO queue as target needs SqsParameters.MessageGroupId"
            )
        return EventTarget(
            target_id=target_id,
            function=self.functions.find(properties, "Arn") if is_function else None,
            queue_url=queue.url if queue is not None else None,
            state_machine=arn if service_of(arn) == "states" else None,
            message_group_id=group,
            input=_input(properties),
        )


def refuse_inputs(properties: Properties) -> None:
    """Refuse to change what a target gets that the gateway does not deliver to."""
    for name in _INPUTS:
        if properties.value(name) is not None:
            raise TemplateError(
                properties.place(name),
                "is served for functions, queues and state machines only",
                "remove it",
            )


def expression(properties: Properties, name: str) -> Expression:
    """A schedule expression."""
    try:
        return parse_expression(properties.text(name))
    except ValueError as error:
        raise TemplateError(properties.place(name), str(error)) from None


def _input(properties: Properties) -> TargetInput:
    given = [name for name in _INPUTS if properties.value(name) is not None]
    if len(given) > 1:
        raise TemplateError(
            properties.place(given[1]), f"{' and '.join(given)} exclude each other", "keep one"
        )
    transformer = properties.section("InputTransformer")
    transformer.only("InputPathsMap", "InputTemplate")
    target_input = TargetInput(
        constant=properties.optional_text("Input"),
        path=properties.optional_text("InputPath"),
        template=transformer.text("InputTemplate") if transformer.values else None,
        paths=tuple(transformer.text_map("InputPathsMap").items()),
    )
    if (problem := input_problem(target_input)) is not None:
        raise TemplateError(properties.place(*given), problem)
    return target_input


@dataclass(frozen=True, slots=True)
class EventRuleReader:
    """Reads the rules of a template, of the default bus and of others."""

    resources: ResolvedTemplate
    targets: TargetReader

    def read(self) -> tuple[EventRule, ...]:
        """The rules; raises `TemplateError` for one that would never do what it says."""
        rules = []
        for properties in self.resources.of_type("AWS::Events::Rule"):
            with self.resources.problems.collect():
                rules.append(self._rule(properties))
        return tuple(rules)

    def _rule(self, properties: Properties) -> EventRule:
        timetable = self._timetable(properties)
        if timetable is None and properties.value("EventPattern") is None:
            raise TemplateError(
                properties.place(), "the rule has neither EventPattern nor ScheduleExpression"
            )
        pattern = properties.value("EventPattern")
        if pattern is not None and (problem := event_pattern_problem(pattern)) is not None:
            raise TemplateError(properties.place("EventPattern"), f"AWS refuses it: {problem}")
        return EventRule(
            logical_id=properties.logical_id,
            name=self.resources.ref_of(properties).rpartition("|")[2],
            arn=self.resources.arn_of(properties),
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
        parsed = expression(properties, "ScheduleExpression")
        if isinstance(parsed, At):
            raise TemplateError(
                properties.place("ScheduleExpression"),
                "rules have no at(…)",
                "use AWS::Scheduler::Schedule",
            )
        return Timetable(expression=parsed)

    def _targets(self, properties: Properties, *, is_scheduled: bool) -> Iterator[EventTarget]:
        targets = as_list(properties.value("Targets"))
        ids = set[str]()
        for number, value in enumerate(targets):
            target = properties.within(as_object(value), "Targets", number)
            target_id = target.text("Id")
            if not _TARGET_ID.fullmatch(target_id) or target_id in ids:
                why = "another target has this Id" if target_id in ids else "expected up to 64 of"
                raise TemplateError(
                    target.place("Id"),
                    f"{target_id!r} is refused by AWS",
                    why if target_id in ids else f"{why} A-Z a-z 0-9 . _ -",
                )
            ids.add(target_id)
            if service_of(target.text("Arn")) in MOTO_TARGETS and not is_scheduled:
                refuse_inputs(target)
            else:
                with self.resources.problems.collect():
                    yield self.targets.target(target, target.text("Id"))


@dataclass(frozen=True, slots=True)
class ScheduleReader:
    """Reads the schedules of a template."""

    resources: ResolvedTemplate
    targets: TargetReader

    def read(self) -> tuple[Schedule, ...]:
        """The schedules; raises `TemplateError` for one that cannot run here."""
        schedules = []
        for properties in self.resources.of_type("AWS::Scheduler::Schedule"):
            with self.resources.problems.collect():
                schedules.append(self._schedule(properties))
        return tuple(schedules)

    def _schedule(self, properties: Properties) -> Schedule:
        target = properties.section("Target")
        target.only(*properties_of_type("AWS::Scheduler::Schedule.Target"))
        _check_window(properties)
        name = self.resources.ref_of(properties)
        group = properties.optional_text("GroupName") or "default"
        return Schedule(
            logical_id=properties.logical_id,
            name=name,
            arn=self.resources.stack.arn("scheduler", f"schedule/{group}/{name}"),
            target=self.targets.target(target, properties.logical_id),
            timetable=Timetable(
                expression=expression(properties, "ScheduleExpression"),
                zone=_zone(properties),
                start=_date(properties, "StartDate"),
                end=_date(properties, "EndDate"),
                immediate=True,
            ),
            enabled=properties.choice("State", ("ENABLED", "DISABLED"), "ENABLED") == "ENABLED",
        )


def _check_window(properties: Properties) -> None:
    window = properties.section("FlexibleTimeWindow")
    if not window.values:
        return
    is_flexible = window.text("Mode") == "FLEXIBLE"
    if is_flexible and window.value("MaximumWindowInMinutes") is None:
        raise TemplateError(window.place(), "a flexible window needs MaximumWindowInMinutes")
    if not is_flexible and window.value("MaximumWindowInMinutes") is not None:
        raise TemplateError(
            window.place("MaximumWindowInMinutes"), "is for Mode: FLEXIBLE only; AWS refuses it"
        )


def _zone(properties: Properties) -> ZoneInfo:
    name = properties.optional_text("ScheduleExpressionTimezone") or "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TemplateError(
            properties.place("ScheduleExpressionTimezone"),
            f"{name} is not a time zone of this computer",
            "expected a name of the IANA database, such as Asia/Jakarta",
        ) from None


def _date(properties: Properties, name: str) -> datetime | None:
    text = properties.optional_text(name)
    if text is None:
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        raise TemplateError(
            properties.place(name), f"{text} is not a time such as 2030-01-31T09:00:00Z"
        ) from None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)
