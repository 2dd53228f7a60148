"""JSON against a model: a JSON schema (draft 4), as API Gateway has them."""

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable

# An empty registry: a `$ref` to another document must never be fetched from the network.
_NO_DOCUMENTS: Registry[Any] = Registry()


def violation(schema: Mapping[str, Any], body: str | bytes) -> str | None:
    """Why a model refuses a body, for the log and without its content; `None` if it does not."""
    try:
        content = json.loads(body)
        error = best_match(Draft4Validator(schema, registry=_NO_DOCUMENTS).iter_errors(content))
    except Unresolvable as missing:
        return f"the model refers to {missing.ref}, which is not part of it"
    except (ValueError, RecursionError):
        return "the body is not JSON"
    return f"{error.json_path}: {error.validator} does not hold" if error else None


def schema_problem(schema: Mapping[str, Any]) -> str | None:
    """What is wrong with a model's schema by JSON schema draft 4, or `None`."""
    try:
        Draft4Validator.check_schema(schema)
    except SchemaError as error:
        return f"{error.json_path}: {error.message}"
    return None
