"""The templates as CloudFormation sees them after the SAM transform, for tests to look into."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

PROJECT = Path(__file__).parents[2]
TEMPLATE = PROJECT / "template.yaml"
OBSERVABILITY = PROJECT / "observability.yaml"

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.[A-Za-z0-9.]+)?\}")


class TagLoader(yaml.SafeLoader):
    """SafeLoader that reads CloudFormation's short tags as the functions they stand for."""


def _construct_function(loader: TagLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = str(node.value)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


TagLoader.add_multi_constructor("!", _construct_function)


def source_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """A template as written, with short tags spelled out."""
    template = yaml.load(path.read_text(encoding="utf-8"), TagLoader)  # noqa: S506
    assert isinstance(template, dict)
    return template


def transformed(
    template: dict[str, Any], parameters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """`template` after the SAM transform, with values for its parameters in place of defaults.

    Local code is renamed to S3 URIs, as `sam package` does, and `Code.S3Key` is its path.
    """
    for resource in template["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = f"s3://code/{resource['Properties'][name]}"
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name="us-east-1"))
    result = translator.translate(template, dict(parameters or {}))
    assert isinstance(result, dict)
    return result


@cache
def transformed_template() -> dict[str, Any]:
    """template.yaml after the SAM transform; a shared value, not to be changed."""
    return transformed(source_template())


@cache
def observability() -> dict[str, Any]:
    """observability.yaml; a shared value, not to be changed."""
    return source_template(OBSERVABILITY)


def resources(resource_type: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type in both templates, by logical id.

    Parameters of observability.yaml have the logical ids of what they identify in template.yaml.
    """
    return {
        logical_id: resource.get("Properties", {})
        for template in (transformed_template(), observability())
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == resource_type
    }


def searched_log_groups(query: dict[str, Any]) -> list[str]:
    """The logical ids of the log groups that a saved query searches."""
    ids = {
        group["LogGroupName"]["Fn::Sub"]: logical_id
        for logical_id, group in resources("AWS::Logs::LogGroup").items()
    }
    names = [name["Fn::Sub"] for name in query["LogGroupNames"]]
    return [ids[name.replace("${StackName}", "${AWS::StackName}")] for name in names]


def references(value: Any) -> Iterator[str]:
    """Every name that `value` refers to by Ref, Fn::GetAtt or Fn::Sub; also pseudo parameters."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, Mapping):
        for key, argument in value.items():
            yield from _function_references(key, argument)


def function_behind(value: Any) -> str:
    """The logical id of the function to whose alias a URI, an ARN or a name leads.

    Fails where it leads to the function itself: `$LATEST` is code that nobody has released.
    """
    aliases = resources("AWS::Lambda::Alias")
    [alias] = set(references(value)) & aliases.keys()
    assert not set(references(value)) & resources("AWS::Lambda::Function").keys()
    function = aliases[alias]["FunctionName"]["Ref"]
    assert isinstance(function, str)
    return function


def _function_references(key: str, argument: Any) -> Iterator[str]:
    if key == "Ref":
        yield argument
    elif key == "Fn::GetAtt":
        yield argument[0]
    elif key == "Fn::Sub":
        text, variables = argument if isinstance(argument, list) else (argument, {})
        yield from (name for name in _PLACEHOLDER.findall(text) if name not in variables)
        yield from references(variables)
    else:
        yield from references(argument)


if __name__ == "__main__":
    json.dump(transformed_template(), sys.stdout, indent=1)
