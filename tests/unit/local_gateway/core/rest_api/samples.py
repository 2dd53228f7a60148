"""A request to a method of a REST API, as the tests of this folder start from it."""

from typing import Any

from local_gateway.core.http import Headers, Pairs, Request
from local_gateway.core.model import (
    LambdaIntegration,
    RestApi,
    RestMethod,
    RestStage,
)
from local_gateway.core.rest_api.events import RestRequest
from local_gateway.core.timestamps import RequestStamp

METHOD = RestMethod(
    http_method="GET", resource="/pets/{id}", integration=LambdaIntegration(function="F")
)
STAGE = RestStage(name="dev", variables={"colour": "blue"})
API = RestApi(logical_id="Api", api_id="a1b2c3d4e5", methods=(METHOD,), stages=(STAGE,))
ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/dev/GET/pets/5"


def rest_request(
    headers: Pairs = (),
    *,
    query_string: str = "",
    body: bytes = b"",
    **changes: Any,
) -> RestRequest:
    request = Request(
        method="GET",
        path="/dev/pets/5",
        query_string=query_string,
        headers=Headers((("Host", "localhost:9000"), *headers)),
        body=body,
        source_ip="192.0.2.7",
    )
    values: dict[str, Any] = {
        "api": API,
        "stage": STAGE,
        "method": METHOD,
        "request": request,
        "stamp": RequestStamp(1_707_502_303_042, "BFaVtH2HoAMFZEQ="),
        "path": "/pets/5",
        "path_parameters": {"id": "5"},
        "partition": "aws",
        "region": "eu-west-1",
        "account_id": "123456789012",
    }
    return RestRequest(**(values | changes))
