"""Everything in a template that invokes functions besides its APIs."""

from collections.abc import Mapping
from dataclasses import dataclass

from local_gateway.core.event_sources.model import EventRule, QueueMapping, Schedule
from local_gateway.core.model import AsynchronousInvocation, LambdaFunction
from local_gateway.template.event_sources.asynchronous import AsynchronousReader
from local_gateway.template.event_sources.queue_mappings import QueueMappingReader
from local_gateway.template.event_sources.queues import QueueDirectory
from local_gateway.template.event_sources.rules import EventRuleReader
from local_gateway.template.event_sources.schedules import ScheduleReader
from local_gateway.template.event_sources.targets import TargetReader
from local_gateway.template.loading.template import Template
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.references import ResourceReferences


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEventSources:
    """The members of an `Application` of the same names."""

    queue_mappings: tuple[QueueMapping, ...]
    event_rules: tuple[EventRule, ...]
    schedules: tuple[Schedule, ...]
    asynchronous: Mapping[str, AsynchronousInvocation]


def read_event_sources(
    template: Template, references: ResourceReferences, functions: Mapping[str, LambdaFunction]
) -> ReadEventSources:
    """Read queue mappings, rules and schedules; raises `TemplateError` for what is not served."""
    directory = FunctionDirectory(list(functions.values()))
    queues = QueueDirectory(template, references)
    targets = TargetReader(directory, queues)
    mappings = QueueMappingReader(template, references, functions, directory, queues)
    return ReadEventSources(
        queue_mappings=mappings.read(),
        event_rules=EventRuleReader(template, references, targets).read(),
        schedules=ScheduleReader(template, references, targets).read(),
        asynchronous=AsynchronousReader(template, references, directory, queues).read(),
    )
