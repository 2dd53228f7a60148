"""What a business process returns or yields, as the JSON object that clients get."""

import sys
from collections.abc import Mapping
from dataclasses import is_dataclass

from pydantic_core import to_jsonable_python

from sapa.errors import UnsupportedResultError
from sapa.processes.business_process import Process


def payload_of(process: Process, item: object) -> Mapping[str, object]:
    """The JSON object for a result: a string, a mapping or a model.

    Raises `UnsupportedResultError`, and whatever a strange mapping raises.
    """
    if isinstance(item, str):
        return {"message": str(item)}
    if isinstance(item, Mapping):
        item = dict(item)
    elif not _is_model(item) and (not is_dataclass(item) or isinstance(item, type)):
        problem = f"returned {type(item).__name__}, not a string, mapping, model, None or iterator"
        raise UnsupportedResultError(process.name, problem)
    content = to_jsonable_python(item)
    if not isinstance(content, dict):
        raise UnsupportedResultError(process.name, "returned a model that is no JSON object")
    reserved = [key for key in content if key.startswith("$")]
    if reserved:
        raise UnsupportedResultError(process.name, f"returned the reserved key {reserved[0]}")
    return content


def _is_model(item: object) -> bool:
    # A process that returns a model has imported pydantic; the others do not load it.
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(item, pydantic.BaseModel)
