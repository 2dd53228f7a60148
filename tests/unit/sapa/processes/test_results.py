"""What a process returns or yields, as the JSON object that clients get."""

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from sapa.errors import UnsupportedResultError
from sapa.processes.business_process import business_process
from sapa.processes.results import payload_of


@business_process
def process() -> None:
    """Has results."""


class Model(BaseModel):
    n: int


@dataclass
class Row:
    n: int


@pytest.mark.parametrize(
    ("result", "payload"),
    [
        ("Hai!", {"message": "Hai!"}),
        ({"n": 1}, {"n": 1}),
        (Model(n=1), {"n": 1}),
        (Row(1), {"n": 1}),
    ],
)
def test_texts_mappings_and_models_are_payloads(result: object, payload: dict[str, Any]) -> None:
    assert payload_of(process, result) == payload


@pytest.mark.parametrize("result", [1, ["a"], Row, {"$id": 1}])
def test_other_results_are_refused(result: object) -> None:
    with pytest.raises(UnsupportedResultError, match="business process process: returned"):
        payload_of(process, result)
