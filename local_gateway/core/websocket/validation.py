"""Validation of a message by the models of its route.

Source: developer guide, websocket-api-request-validation: the model selection expression names
the model, `$default` is the fallback, and a body that no model accepts never reaches the backend.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from local_gateway.core.json_schema import violation
from local_gateway.core.model import WebSocketRoute
from local_gateway.core.websocket.route_selection import DEFAULT, RouteSelection

_expression = lru_cache(maxsize=256)(RouteSelection.parse)


def invalid_reason(route: WebSocketRoute, body: str) -> str | None:
    """Why the route's models refuse `body`, for the log; `None` when they accept it.

    A route without models accepts everything. Raises `ValueError` for an unusable model
    selection expression.
    """
    if not route.request_models:
        return None
    schema = _model(route, body)
    if schema is None:
        return f"no model of route {route.route_key} matches and there is no {DEFAULT} model"
    return violation(schema, body)


def _model(route: WebSocketRoute, body: str) -> Mapping[str, Any] | None:
    key = None
    if route.model_selection_expression is not None:
        key = _expression(route.model_selection_expression).select(body)
    models = route.request_models
    return models.get(key if key is not None else DEFAULT, models.get(DEFAULT))
