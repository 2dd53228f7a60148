"""The retries, dead-letter queues and destinations of asynchronous invocations.

Source: Lambda developer guide, "Asynchronous invocation" (invocation-async).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from local_gateway.core.model import AsynchronousInvocation
from local_gateway.template.readers.destinations import DestinationReader
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate

_DEFAULT = AsynchronousInvocation()
_SHORTEST_AGE = 60


@dataclass(frozen=True, slots=True)
class AsynchronousReader:
    """Reads `DeadLetterConfig` of functions and `AWS::Lambda::EventInvokeConfig` resources."""

    resources: ResolvedTemplate
    functions: FunctionDirectory
    destinations: DestinationReader

    def read(self) -> Mapping[str, AsynchronousInvocation]:
        """By logical id, the functions that differ from the defaults."""
        configured: dict[str, AsynchronousInvocation] = {}
        for properties in self.resources.of_type("AWS::Lambda::Function"):
            with self.resources.problems.collect():
                section = properties.section("DeadLetterConfig")
                if (dead_letters := self.destinations.read(section, "TargetArn")) is not None:
                    configured[properties.logical_id] = replace(_DEFAULT, dead_letters=dead_letters)
        for properties in self.resources.of_type("AWS::Lambda::EventInvokeConfig"):
            with self.resources.problems.collect():
                function = self.functions.find_by_name(properties, "FunctionName").logical_id
                before = configured.get(function, _DEFAULT)
                configured[function] = self._with_configuration(properties, before)
        return configured

    def _with_configuration(
        self, properties: Properties, before: AsynchronousInvocation
    ) -> AsynchronousInvocation:
        longest = _DEFAULT.maximum_age
        destinations = properties.section("DestinationConfig")
        destinations.only("OnSuccess", "OnFailure")
        on_success, on_failure = map(destinations.section, ("OnSuccess", "OnFailure"))
        return replace(
            before,
            maximum_retries=properties.integer_between("MaximumRetryAttempts", 0, 2, 2),
            maximum_age=properties.integer_between(
                "MaximumEventAgeInSeconds", _SHORTEST_AGE, longest, longest
            ),
            on_success=self.destinations.read(on_success, "Destination"),
            on_failure=self.destinations.read(on_failure, "Destination"),
        )
