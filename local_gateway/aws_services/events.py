"""Creates EventBridge buses and rules; moto's CloudFormation fails on a rule of a custom bus.

moto matches events with rules. It cannot deliver to functions, gives queues an incomplete event
and takes no notice of `Input` and of disabled rules: what the gateway can deliver itself is
handed to it over one queue, in envelopes `{"rule": "<arn>", "event": {…}}`.
"""

import json
from typing import Any

from local_gateway.aws_services.creation import Created, Creation
from local_gateway.template.document.source import Json, JsonObject, as_list, as_object
from local_gateway.template.document.stack import Stack
from local_gateway.template.readers.eventbridge import GATEWAY_TARGETS, service_of

_RULE_PARAMETERS = ("Description", "EventBusName", "RoleArn", "ScheduleExpression", "State", "Tags")


def event_queue_name(stack: Stack) -> str:
    """The queue over which the events that match a rule come to the gateway."""
    return stack.physical_name("LocalGatewayEvents")


def create_event_bus(client: Any, creation: Creation) -> Created:
    """Create an event bus; `Ref` is its name."""
    name = str(creation.properties.get("Name", creation.name))
    arn = client.create_event_bus(Name=name)["EventBusArn"]
    return Created(name, {"Arn": arn, "Name": name})


def create_rule(client: Any, creation: Creation) -> Created:
    """Create a rule with its targets; `Ref` is `bus|name` on a bus of one's own."""
    properties = creation.properties
    name = str(properties.get("Name", creation.name))
    parameters: dict[str, Any] = {
        key: properties[key] for key in _RULE_PARAMETERS if key in properties
    }
    if "EventPattern" in properties:
        parameters["EventPattern"] = json.dumps(properties["EventPattern"])
    arn = client.put_rule(Name=name, **parameters)["RuleArn"]
    bus = {"EventBusName": parameters["EventBusName"]} if "EventBusName" in parameters else {}
    if targets := _targets(creation, arn):
        client.put_targets(Rule=name, Targets=targets, **bus)
    return Created(f"{bus['EventBusName']}|{name}" if bus else name, {"Arn": arn})


def _targets(creation: Creation, rule_arn: str) -> list[Json]:
    properties = creation.properties
    # moto would take every event for one of a rule without a pattern.
    if "EventPattern" not in properties or properties.get("State") == "DISABLED":
        return []
    targets = as_list(properties.get("Targets"))
    others = [target for target in targets if not _is_ours(target)]
    return targets if others == targets else [*others, _envelope(creation, rule_arn)]


def _is_ours(target: Json) -> bool:
    return service_of(str(as_object(target).get("Arn"))) in GATEWAY_TARGETS


def _envelope(creation: Creation, rule_arn: str) -> JsonObject:
    return {
        "Id": "local-gateway",
        "Arn": creation.stack.arn("sqs", event_queue_name(creation.stack)),
        "InputTransformer": {
            "InputPathsMap": {},
            "InputTemplate": f'{{"rule": "{rule_arn}", "event": <aws.events.event.json>}}',
        },
    }
