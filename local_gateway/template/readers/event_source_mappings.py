"""The event source mappings of a template, by the service of their source."""

from collections.abc import Mapping
from dataclasses import dataclass

from local_gateway.core.event_sources.model import QueueMapping, StreamMapping
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate
from local_gateway.template.readers.sqs import QueueMappingReader
from local_gateway.template.readers.streams import SOURCES, StreamMappingReader

_NOT_SERVED: Mapping[str, str] = {
    "docdb": "DocumentDB change streams",
    "kafka": "Kafka topics",
    "mq": "Amazon MQ brokers",
    "rds": "DocumentDB change streams",
}


@dataclass(frozen=True, slots=True)
class EventSourceMappings:
    """The mappings that are served."""

    queues: tuple[QueueMapping, ...]
    streams: tuple[StreamMapping, ...]


def read_event_source_mappings(
    resources: ResolvedTemplate,
    queues: QueueMappingReader,
    streams: StreamMappingReader,
    warnings: list[str],
) -> EventSourceMappings:
    """All mappings; warns of sources that do not exist here."""
    of_queues: list[QueueMapping] = []
    of_streams: list[StreamMapping] = []
    pairs: dict[tuple[str, str], str] = {}
    for properties in resources.of_type("AWS::Lambda::EventSourceMapping"):
        with resources.problems.collect():
            service = _service(properties)
            if service == "sqs":
                mapping = queues.read(properties)
                _refuse_second(properties, pairs, mapping.function, mapping.queue_arn)
                of_queues.append(mapping)
            elif service in SOURCES:
                stream = streams.read(properties, service)
                if stream is not None:
                    _refuse_second(properties, pairs, stream.function, stream.stream_arn)
                    of_streams.append(stream)
            else:
                what = _NOT_SERVED.get(service, f"sources of {service}")
                warnings.append(
                    f"{properties.place()}: {what} as event sources are not served; nothing "
                    "invokes the function from there"
                )
    return EventSourceMappings(tuple(of_queues), tuple(of_streams))


def _service(properties: Properties) -> str:
    """The service of the source; a Kafka cluster of one's own has no ARN."""
    arn = properties.optional_text("EventSourceArn")
    if arn is None:
        return "kafka"
    if arn.count(":") < 5:
        raise TemplateError(properties.place("EventSourceArn"), f"{arn} is not an ARN")
    return arn.split(":")[2]


def _refuse_second(
    properties: Properties, pairs: dict[tuple[str, str], str], function: str, source: str
) -> None:
    other = pairs.setdefault((function, source), properties.logical_id)
    if other != properties.logical_id:
        raise TemplateError(
            properties.place(),
            f"AWS refuses it: {other} maps the source to the function, too",
        )
