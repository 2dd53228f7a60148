"""Validation of a request to a REST API by its method.

Source: developer guide, api-gateway-method-request-validation: what is missing or does not fit the
model never reaches the integration. A content type without a model is not looked at.
"""

from local_gateway.core.http import Request
from local_gateway.core.json_schema import violation
from local_gateway.core.model import RequestValidation
from local_gateway.core.rest_api.gateway_responses import Refusal, ResponseType

_HEADER = "method.request.header."
_QUERY = "method.request.querystring."
_DEFAULT_CONTENT_TYPE = "application/json"


def validation_refusal(validation: RequestValidation, request: Request) -> Refusal | None:
    """Why a request is refused with 400; `None` if it is not."""
    missing = [name for name in validation.parameters if not _is_there(name, request)]
    if missing:
        names = ", ".join(name.split(".", 3)[3] for name in missing)
        message = f"Missing required request parameters: [{names}]"
        return Refusal(ResponseType.BAD_REQUEST_PARAMETERS, message)
    content_type = request.headers.get("content-type") or _DEFAULT_CONTENT_TYPE
    model = validation.models.get(content_type.partition(";")[0].strip().lower())
    if model is None:
        return None
    problem = violation(model, request.body)
    if problem is None:
        return None
    return Refusal(ResponseType.BAD_REQUEST_BODY, "Invalid request body", problem)


def _is_there(name: str, request: Request) -> bool:
    if name.startswith(_HEADER):
        return bool(request.headers.get(name.removeprefix(_HEADER)))
    if name.startswith(_QUERY):
        return bool(dict(request.query).get(name.removeprefix(_QUERY)))
    return True  # a path variable always has a value
