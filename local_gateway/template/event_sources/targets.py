"""The targets of event rules and schedules as typed values."""

from dataclasses import dataclass

from local_gateway.core.event_sources.model import EventTarget, TargetInput
from local_gateway.core.event_sources.schedule import Expression, parse_expression
from local_gateway.core.event_sources.target_input import input_problem
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.event_sources.queues import QueueDirectory
from local_gateway.template.loading.resource_types import REMOVE
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties

# By the service in a target's ARN: who delivers to it.
GATEWAY_TARGETS = frozenset({"lambda", "sqs"})
MOTO_TARGETS = frozenset({"events", "logs"})

_INPUTS = ("Input", "InputPath", "InputTransformer")


def service_of(arn: str) -> str:
    """The service that an ARN belongs to, empty for what is no ARN."""
    parts = arn.split(":")
    return parts[2] if len(parts) >= 6 and parts[0] == "arn" else ""


@dataclass(frozen=True, slots=True)
class TargetReader:
    """Reads targets that are functions or queues of the template."""

    functions: FunctionDirectory
    queues: QueueDirectory

    def target(self, properties: Properties, target_id: str) -> EventTarget:
        """A target; raises `TemplateError` for one that cannot be delivered to."""
        arn = properties.text("Arn")
        is_function = service_of(arn) == "lambda"
        if service_of(arn) not in GATEWAY_TARGETS:
            raise TemplateError(
                properties.place("Arn"),
                f"the target {arn} is not served, only functions and queues",
                REMOVE,
            )
        queue = None if is_function else self.queues.find(properties, "Arn")
        group = properties.section("SqsParameters").optional_text("MessageGroupId")
        if queue is not None and queue.is_fifo and group is None:
            raise TemplateError(
                properties.place(), "a FIFO queue as target needs SqsParameters.MessageGroupId"
            )
        return EventTarget(
            target_id=target_id,
            function=self.functions.find(properties, "Arn") if is_function else None,
            queue_url=queue.url if queue is not None else None,
            message_group_id=group,
            input=_input(properties),
        )


def refuse_inputs(properties: Properties) -> None:
    """Refuse to change what a target gets that the gateway does not deliver to."""
    for name in _INPUTS:
        if properties.value(name) is not None:
            raise TemplateError(
                properties.place(name), "is served for functions and queues only", "remove it"
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
    found = TargetInput(
        constant=properties.optional_text("Input"),
        path=properties.optional_text("InputPath"),
        template=transformer.text("InputTemplate") if transformer.values else None,
        paths=tuple(transformer.text_map("InputPathsMap").items()),
    )
    if (problem := input_problem(found)) is not None:
        raise TemplateError(properties.place(*given), problem)
    return found
