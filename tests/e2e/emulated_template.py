"""The built templates as MiniStack takes them: what it cannot do, and nothing else, is replaced.

`python -m tests.e2e.emulated_template URL BUILT WRITTEN`; `URL` is where the emulator listens.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.contract.transformed_template import TagLoader

type Json = Any

_API_HOST = ".execute-api.${AWS::Region}.${AWS::URLSuffix}"
# Many tests speak as one user; the limits of one user are not what they are about.
_LIMITS = {
    "MESSAGES_PER_SECOND_PER_CONNECTION": "1000",
    "MESSAGES_PER_SECOND_PER_USER": "1000",
}


def emulated(template: dict[str, Json], url: str) -> dict[str, Json]:
    """The template with these changes, each for what MiniStack 1.5.33 was seen to do.

    - Alarms on metric math are refused ("Properties.Metrics (metric math) is not supported"): they
      become alarms on a metric.
    - `AWS::Logs::QueryDefinition` is refused: saved queries are left out.
    - `MaximumConcurrency` stays a string when it is a parameter, and its poller then fails on
      every poll ("'>=' not supported between instances of 'int' and 'str'"): it becomes the
      parameter's default.
    - It serves APIs below its own URL and not at `https://{api}.execute-api.…`: environment
      variables with that host get its URL.

    Besides, functions get higher limits for the messages of one user.
    """
    changed = {
        logical_id: _resource(resource, template["Parameters"])
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] != "AWS::Logs::QueryDefinition"
    }
    if "Globals" not in template:
        return {**template, "Resources": changed}
    function = template["Globals"]["Function"]
    variables = _with_url(function["Environment"]["Variables"], url) | _LIMITS
    function = {**function, "Environment": {"Variables": variables}}
    return {**template, "Globals": {"Function": function}, "Resources": changed}


def _resource(resource: dict[str, Json], parameters: dict[str, Json]) -> dict[str, Json]:
    properties = dict(resource.get("Properties", {}))
    if resource["Type"] == "AWS::CloudWatch::Alarm" and properties.pop("Metrics", None):
        properties |= {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum"}
        properties |= {"Period": 300}
    if resource["Type"] == "AWS::Serverless::Function":
        properties = _with_numbers(properties, parameters)
    return {**resource, "Properties": properties}


def _with_numbers(properties: Json, parameters: dict[str, Json]) -> Json:
    if isinstance(properties, list):
        return [_with_numbers(item, parameters) for item in properties]
    if not isinstance(properties, dict):
        return properties
    return {
        key: int(parameters[value["Ref"]]["Default"])
        if key == "MaximumConcurrency"
        else _with_numbers(value, parameters)
        for key, value in properties.items()
    }


def _with_url(value: Json, url: str) -> Json:
    if isinstance(value, dict):
        return {key: _with_url(item, url) for key, item in value.items()}
    if isinstance(value, str) and _API_HOST in value:
        return value.replace("https://", f"{url}/_aws/execute-api/").replace(_API_HOST, "")
    return value


def _write(url: str, built: Path, written: Path) -> None:
    """Write the template beside the built one, whose paths are relative, and nested ones too."""
    template = yaml.load(built.read_text("utf-8"), TagLoader)  # noqa: S506 - our own file
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Application":
            nested = built.parent / resource["Properties"]["Location"]
            _write(url, nested, nested.with_suffix(".json"))
            resource["Properties"]["Location"] = str(
                nested.with_suffix(".json").relative_to(built.parent)
            )
    written.write_text(json.dumps(emulated(template, url)), "utf-8")


def main() -> None:
    """Write the template, and those that are nested in it."""
    url, built, written = sys.argv[1:]
    _write(url, Path(built), Path(written))


if __name__ == "__main__":
    main()
