"""Creates SQS queues: CloudFormation's properties are the API's attributes, as texts."""

import json
from typing import Any

from local_gateway.aws_services.creation import Created, Creation
from local_gateway.template.document.source import Json, as_list, as_object, scalar_text

_NOT_ATTRIBUTES = frozenset({"QueueName", "Tags"})


def create_queue(client: Any, creation: Creation) -> Created:
    """Create a queue; a FIFO queue's name gets the suffix that the service wants."""
    properties = creation.properties
    is_fifo = properties.get("FifoQueue") in (True, "true")
    name = str(properties.get("QueueName") or f"{creation.name}{'.fifo' if is_fifo else ''}")
    attributes = {
        key: _attribute(value) for key, value in properties.items() if key not in _NOT_ATTRIBUTES
    }
    tags = {str(tag["Key"]): str(tag["Value"]) for tag in map(as_object, _tags(creation))}
    url = client.create_queue(QueueName=name, Attributes=attributes, tags=tags)["QueueUrl"]
    arn = creation.stack.arn("sqs", name)
    return Created(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


def _tags(creation: Creation) -> list[Json]:
    return as_list(creation.properties.get("Tags"))


def _attribute(value: Json) -> str:
    return scalar_text(value) if isinstance(value, (str, bool, int, float)) else json.dumps(value)
