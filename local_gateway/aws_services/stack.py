"""Creates data resources with moto's own CloudFormation, for types without a creator of ours.

Slower to start (moto loads every service it knows for it), so the usual types have creators.
"""

import json
from collections.abc import Mapping
from typing import Any

from local_gateway.template.document.source import Json, JsonObject
from local_gateway.template.intrinsics.references import Reference
from local_gateway.template.loading.template import Resource


def create_stack(
    client: Any,
    name: str,
    resources: Mapping[str, tuple[Resource, JsonObject]],
    wanted: set[Reference],
) -> dict[Reference, str]:
    """Create resources, given with their resolved properties, as one stack.

    Answers what each of `wanted`, and `Ref` of each resource, has become. Lets botocore's errors
    pass.
    """
    answers = [Reference(logical_id) for logical_id in sorted(resources)]
    attributes = [item for item in wanted if item.name in resources and item.attribute]
    answers += sorted(attributes, key=lambda item: (item.name, item.attribute or ""))
    keys = {f"Value{number}": item for number, item in enumerate(answers)}
    # A logical id has letters and digits only, that of a resource of a nested stack is a path.
    names = {logical_id: logical_id.replace("/", "") for logical_id in resources}
    body = {
        "Resources": {
            names[logical_id]: {"Type": resource.type, "Properties": properties}
            for logical_id, (resource, properties) in resources.items()
        },
        "Outputs": {
            key: {"Value": _intrinsic(names[item.name], item.attribute)}
            for key, item in keys.items()
        },
    }
    client.create_stack(StackName=name, TemplateBody=json.dumps(body))
    stack = client.describe_stacks(StackName=name)["Stacks"][0]
    return {keys[output["OutputKey"]]: output["OutputValue"] for output in stack["Outputs"]}


def _intrinsic(name: str, attribute: str | None) -> JsonObject:
    if attribute is None:
        return {"Ref": name}
    path: list[Json] = [name, attribute]
    return {"Fn::GetAtt": path}
