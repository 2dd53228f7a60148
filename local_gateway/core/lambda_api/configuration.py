"""The operations of the Lambda API that describe functions: GetFunction and its like.

Source: Lambda API reference, "GetFunction", "GetFunctionConfiguration" and "ListFunctions".
"""

import json
from typing import Any
from urllib.parse import unquote

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.lambda_api.errors import LambdaApiError
from local_gateway.core.lambda_api.names import LATEST, Target, find_target
from local_gateway.core.model import Application

# Variables that the gateway adds to the template's.
_OWN = "LOCAL_GATEWAY_"


def describe(application: Application, request: Request) -> Response:
    """The answer to a GET; raises `LambdaApiError` for a function or operation that is not here."""
    _, _, rest = request.path.partition("/functions")
    name, _, operation = rest.strip("/").partition("/")
    if not name:
        targets = map(Target, application.functions.values())
        return _response({"Functions": [configuration(target) for target in targets]})
    target = find_target(application, unquote(name), dict(request.query).get("Qualifier"))
    if operation == "configuration":
        return _response(configuration(target))
    if operation:
        raise LambdaApiError(404, "UnknownOperationException", "no such operation")
    return _response(
        {
            "Configuration": configuration(target),
            "Code": {"RepositoryType": "S3", "Location": target.function.code.as_uri()},
            "Tags": {},
        }
    )


def configuration(target: Target) -> dict[str, Any]:
    """What the API says about a function."""
    function = target.function
    partition, _, region, account = function.arn.split(":")[1:5]
    arn = f"{function.arn}:{target.qualifier}" if target.qualifier is not None else function.arn
    variables = {
        name: value for name, value in function.environment.items() if not name.startswith(_OWN)
    }
    return {
        "FunctionName": function.name,
        "FunctionArn": arn,
        "Runtime": function.runtime,
        "Role": f"arn:{partition}:iam::{account}:role/{function.name}-{region}",
        "Handler": function.handler,
        "CodeSize": 0,
        "Description": "",
        "Timeout": round(function.timeout),
        "MemorySize": function.memory_size,
        "Version": target.version or LATEST,
        "Environment": {"Variables": variables},
        "Layers": [{"Arn": layer.logical_id} for layer in function.layers],
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
    }


def _response(content: dict[str, Any]) -> Response:
    headers = Headers((("Content-Type", "application/json"),))
    return Response(200, headers, json.dumps(content).encode())
