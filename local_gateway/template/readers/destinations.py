"""The destinations of invocations: queues, topics, event buses and functions."""

from dataclasses import dataclass

from local_gateway.core.event_sources.model import Destination
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate
from local_gateway.template.readers.sqs import QueueDirectory

_OTHERS = {"sns": "AWS::SNS::Topic", "events": "AWS::Events::EventBus"}


@dataclass(frozen=True, slots=True)
class DestinationReader:
    """Reads destinations, and warns of those that nothing can be sent to here."""

    resources: ResolvedTemplate
    functions: FunctionDirectory
    queues: QueueDirectory
    warnings: list[str]

    def read(self, properties: Properties, name: str) -> Destination | None:
        """The destination whose ARN a property holds; None if there is none."""
        arn = properties.optional_text(name)
        if arn is None:
            return None
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if service == "lambda":
            return Destination(arn=arn, function=self.functions.find(properties, name))
        queue = self.queues.get(arn) if service == "sqs" else None
        if queue is not None:
            return Destination(arn=arn, queue_url=queue.url)
        if service in _OTHERS and self._is_here(arn, service):
            return Destination(arn=arn)
        self.warnings.append(
            f"{properties.place(name)}: {arn} is not a queue, topic, event bus or function of this "
            "template; nothing is sent there"
        )
        return None

    def _is_here(self, arn: str, service: str) -> bool:
        if service == "events" and arn.endswith("/default"):
            return True
        name = "TopicArn" if service == "sns" else "Arn"
        return any(
            self.resources.attribute(item.logical_id, name, item.place()) == arn
            for item in self.resources.of_type(_OTHERS[service])
        )
