"""Creates EventBridge buses and rules; moto's CloudFormation fails on a rule of a custom bus."""

import json
from typing import Any

from local_gateway.backing.creation import Created, Creation

_RULE_PARAMETERS = ("Description", "EventBusName", "RoleArn", "ScheduleExpression", "State", "Tags")


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
    if properties.get("Targets"):
        client.put_targets(Rule=name, Targets=properties["Targets"], **bus)
    return Created(f"{bus['EventBusName']}|{name}" if bus else name, {"Arn": arn})
