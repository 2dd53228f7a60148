"""What the end-to-end tests deploy on the emulator is the templates, but for what they change."""

from typing import Any

import pytest

from tests.contract.transformed_template import OBSERVABILITY, TEMPLATE, source_template
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


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (
            TEMPLATE,
            {
                "MANAGEMENT_API_ENDPOINT",
                "MESSAGES_PER_SECOND_PER_CONNECTION",
                "MESSAGES_PER_SECOND_PER_USER",
                "MaximumConcurrency",
            },
        ),
        (OBSERVABILITY, set()),
    ],
    ids=lambda value: getattr(value, "stem", ""),
)
def test_nothing_else_is_changed(path: Any, names: set[str]) -> None:
    template = source_template(path)
    changed = set()
    for found in differences(template, emulated(template, URL)):
        resource = template["Resources"].get(found.split("/")[2], {"Type": "Globals"})
        match resource["Type"]:
            case "AWS::CloudWatch::Alarm":
                assert "Metrics" in resource["Properties"]
            case "AWS::Logs::QueryDefinition":
                pass
            case _:
                changed.add(found.removesuffix("/Fn::Sub").rpartition("/")[2])
    assert changed == names


def test_functions_get_the_url_of_the_emulator() -> None:
    function = emulated(source_template(), URL)["Globals"]["Function"]
    endpoint = function["Environment"]["Variables"]["MANAGEMENT_API_ENDPOINT"]
    assert endpoint == {"Fn::Sub": URL + "/_aws/execute-api/${WebSocketApi}/ws"}
