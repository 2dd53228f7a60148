"""Validation of a message by the models of its route.

Source: developer guide, websocket-api-request-validation: the model selection expression names
the model, `$default` is the fallback, and a body that no model accepts never reaches the backend.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable

from local_gateway.core.model import WebSocketRoute
from local_gateway.core.websocket.route_selection import DEFAULT, RouteSelection

# An empty registry: a `$ref` to another document must never be fetched from the network.
_NO_DOCUMENTS: Registry[Any] = Registry()
_expression = lru_cache(maxsize=256)(RouteSelection.parse)


def invalid_reason(route: WebSocketRoute, body: str) -> str | None:
    """Why the route's models refuse `body`, for the log; `None` when they accept it.

    A route without models accepts everything. Raises `ValueError` for an unusable model
    selection expression (`schema_problem` finds unusable models when the template is read).
    """
    if not route.request_models:
        return None
    schema = _model(route, body)
    if schema is None:
        return f"no model of route {route.route_key} matches and there is no {DEFAULT} model"
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


def _model(route: WebSocketRoute, body: str) -> Mapping[str, Any] | None:
    key = None
    if route.model_selection_expression is not None:
        key = _expression(route.model_selection_expression).select(body)
    models = route.request_models
    return models.get(key if key is not None else DEFAULT, models.get(DEFAULT))
