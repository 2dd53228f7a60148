"""The retries and dead-letter queues of asynchronous invocations.

Source: Lambda developer guide, "Asynchronous invocation" (invocation-async).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from local_gateway.core.model import AsynchronousInvocation
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate
from local_gateway.template.readers.sqs import QueueDirectory

_DEFAULT = AsynchronousInvocation()
_SHORTEST_AGE = 60


@dataclass(frozen=True, slots=True)
class AsynchronousReader:
    """Reads `DeadLetterConfig` of functions and `AWS::Lambda::EventInvokeConfig` resources."""

    resources: ResolvedTemplate
    functions: FunctionDirectory
    queues: QueueDirectory
    warnings: list[str]

    def read(self) -> Mapping[str, AsynchronousInvocation]:
        """By logical id, the functions that differ from the defaults."""
        configured: dict[str, AsynchronousInvocation] = {}
        for properties in self.resources.of_type("AWS::Lambda::Function"):
            with self.resources.problems.collect():
                if (queue := self._dead_letters(properties)) is not None:
                    configured[properties.logical_id] = queue
        for properties in self.resources.of_type("AWS::Lambda::EventInvokeConfig"):
            with self.resources.problems.collect():
                function = self.functions.find_by_name(properties, "FunctionName").logical_id
                self._warn_of_destinations(properties)
                configured[function] = _with_configuration(
                    properties, configured.get(function, _DEFAULT)
                )
        return configured

    def _warn_of_destinations(self, properties: Properties) -> None:
        for name, destination in properties.sections("DestinationConfig"):
            if destination.values:
                self.warnings.append(
                    f"{properties.place('DestinationConfig', name)}: destinations of asynchronous "
                    "invocations are not served; nothing is sent there"
                )

    def _dead_letters(self, properties: Properties) -> AsynchronousInvocation | None:
        """Only a queue of the template: topics and queues of other stacks do not exist here."""
        arn = properties.section("DeadLetterConfig").optional_text("TargetArn")
        queue = self.queues.get(arn) if arn is not None else None
        return AsynchronousInvocation(dead_letter_queue_url=queue.url) if queue else None


def _with_configuration(
    properties: Properties, before: AsynchronousInvocation
) -> AsynchronousInvocation:
    return replace(
        before,
        maximum_retries=properties.integer_between("MaximumRetryAttempts", 0, 2, 2),
        maximum_age=properties.integer_between(
            "MaximumEventAgeInSeconds", _SHORTEST_AGE, _DEFAULT.maximum_age, _DEFAULT.maximum_age
        ),
    )
