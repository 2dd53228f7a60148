"""What the end-to-end tests deploy on the emulator is template.yaml, but for what it says."""

from typing import Any

import yaml

from tests.contract.transformed_template import TEMPLATE, TagLoader
from tests.support.emulator import emulated

URL = "http://127.0.0.1:4566"


def differences(before: Any, after: Any, path: str = "") -> set[str]:
    """The paths of the values that are not the same."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = before.keys() | after.keys()
        return {
            found
            for key in keys
            for found in differences(before.get(key), after.get(key), f"{path}/{key}")
        }
    return set() if before == after else {path}


def test_nothing_else_is_changed() -> None:
    template = yaml.load(TEMPLATE.read_text("utf-8"), TagLoader)  # noqa: S506 - our own file
    found = differences(template, emulated(template, URL))
    resources = template["Resources"]
    alarms = {path for path in found if resources[path.split("/")[2]]["Type"].endswith("::Alarm")}
    assert {"Metrics" in resources[path.split("/")[2]]["Properties"] for path in alarms} == {True}
    assert {path.removesuffix("/Fn::Sub").rpartition("/")[2] for path in found - alarms} == {
        "MaximumConcurrency",
        "MANAGEMENT_API_ENDPOINT",
    }


def test_functions_are_told_where_the_emulator_is() -> None:
    template = yaml.load(TEMPLATE.read_text("utf-8"), TagLoader)  # noqa: S506 - our own file
    function = emulated(template, URL)["Resources"]["DefaultFunction"]
    told = function["Properties"]["Environment"]["Variables"]["MANAGEMENT_API_ENDPOINT"]
    assert told == {"Fn::Sub": URL + "/_aws/execute-api/${WebSocketApi}/ws"}
