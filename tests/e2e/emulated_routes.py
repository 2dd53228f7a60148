"""The routes of the HTTP API on MiniStack, which does not read them from the API's `Body`."""

import re
from collections.abc import Iterator

from tests.contract.transformed_template import resources
from tools.scripts.stacks import Stack

_FUNCTION = re.compile(r"functions/\$\{(\w+)\}")
_ANY = "x-amazon-apigateway-any-method"


def create_routes(stack: Stack) -> None:
    """Make what API Gateway makes of the `Body` that SAM writes; it has Lambda proxies only."""
    gateway, api_id = stack.client("apigatewayv2"), stack.resource("HttpApi")
    for route_key, function, authorization in _routes():
        integration = gateway.create_integration(
            ApiId=api_id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=stack.resource(function),
            PayloadFormatVersion="2.0",
        )
        gateway.create_route(
            ApiId=api_id,
            RouteKey=route_key,
            Target=f"integrations/{integration['IntegrationId']}",
            AuthorizationType=authorization,
        )


def _routes() -> Iterator[tuple[str, str, str]]:
    """Route key, logical id of the function or alias, authorization type."""
    for path, methods in resources("AWS::ApiGatewayV2::Api")["HttpApi"]["Body"]["paths"].items():
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            [function] = _FUNCTION.findall(uri)
            verb = "ANY" if method == _ANY else method.upper()
            iam = {"AWS_IAM": []} in operation.get("security", [])
            yield (
                path if path == "$default" else f"{verb} {path}",
                function,
                "AWS_IAM" if iam else "NONE",
            )
