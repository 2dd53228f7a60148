"""The HTTP API's one function: login, logout, the page and the documents."""

import functools
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from sapa.observability import logged, request_ids
from sapa.services import services
from sapa.web.api import HttpApi


@functools.cache
def http_api() -> HttpApi:
    """The routes, made once per execution environment."""
    return HttpApi(services(), Path(__file__).parent / "static")


@logged(request_ids)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request."""
    return http_api().answer(event)
