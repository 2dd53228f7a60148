"""The built template as MiniStack takes it: what it cannot do, and nothing else, is replaced.

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


def emulated(template: dict[str, Json], url: str) -> dict[str, Json]:
    """The template with these changes, each for what MiniStack 1.5.33 was seen to do.

    - Alarms on metric math are refused ("Properties.Metrics (metric math) is not supported"): they
      become alarms on a metric.
    - `MaximumConcurrency` stays a string when it is a parameter, and its poller then fails on
      every poll ("'>=' not supported between instances of 'int' and 'str'"): it becomes the
      parameter's default.
    - It serves APIs below its own URL and not at `https://{api}.execute-api.…`: environment
      variables with that host get its URL.
    """
    return {
        **template,
        "Resources": {
            logical_id: _resource(resource, template["Parameters"], url)
            for logical_id, resource in template["Resources"].items()
        },
    }


def _resource(resource: dict[str, Json], parameters: dict[str, Json], url: str) -> dict[str, Json]:
    properties = dict(resource.get("Properties", {}))
    if resource["Type"] == "AWS::CloudWatch::Alarm" and properties.pop("Metrics", None):
        properties |= {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum"}
        properties |= {"Period": 300}
    if resource["Type"] == "AWS::Serverless::Function":
        properties = _with_numbers(properties, parameters)
        if "Environment" in properties:
            properties["Environment"] = _with_url(properties["Environment"], url)
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


def main() -> None:
    """Write the template beside the built one, whose paths are relative."""
    url, built, written = sys.argv[1:]
    template = yaml.load(Path(built).read_text("utf-8"), TagLoader)  # noqa: S506 - our own file
    Path(written).write_text(json.dumps(emulated(template, url)), "utf-8")


if __name__ == "__main__":
    main()
