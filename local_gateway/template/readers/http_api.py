"""HTTP APIs as typed values, from an OpenAPI `Body` or from `AWS::ApiGatewayV2::Route`s."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from local_gateway.core.model import AuthorizationType, Cors, HttpApi, HttpRoute, HttpStage
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.readers.api_resources import (
    ApiDirectory,
    ApiResource,
    default_throttle,
    route_throttles,
    timeout_seconds,
)
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties

LONGEST_TIMEOUT = 30.0

_METHODS = "GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS|ANY"
_ROUTE_KEY = re.compile(rf"\$default|({_METHODS}) /\S*")
_ANY_METHOD = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_OPERATIONS = frozenset({*_METHODS.lower().split("|"), _ANY_METHOD} - {"any"})
_AUTHORIZER_TYPE = "x-amazon-apigateway-authtype"
_CORS = "x-amazon-apigateway-cors"
_AUTHORIZERS = "authorizers of HTTP APIs are not served yet, except AWS_IAM"


@dataclass(frozen=True, slots=True)
class HttpApiReader:
    """Reads the HTTP APIs of a template."""

    resources: ApiDirectory
    functions: FunctionDirectory

    def read(self, api: ApiResource) -> HttpApi:
        """An API; raises `TemplateError` for what is wrong or not served."""
        properties = api.properties
        if "BodyS3Location" in properties.values:
            raise TemplateError(properties.place("BodyS3Location"), "the definition is in S3")
        routes = {route.route_key: route for route in self._routes(api)}
        stages = [_stage(part.properties, routes) for part in self.resources.of(api, "Stage")]
        if "Target" in properties.values:
            # Quick create: one route and the stage $default come with the API.
            stages.append(HttpStage(name="$default"))
        return HttpApi(
            logical_id=api.logical_id,
            api_id=api.physical_id,
            routes=tuple(routes.values()),
            stages=tuple(stages),
            cors=_cors(properties),
        )

    def _routes(self, api: ApiResource) -> Iterator[HttpRoute]:
        properties = api.properties
        yield from self._body_routes(properties.section("Body"))
        if "Target" in properties.values:
            yield HttpRoute(
                route_key=properties.optional_text("RouteKey") or "$default",
                function=self.functions.find(properties, "Target"),
            )
        for part in self.resources.of(api, "Route"):
            yield self._route(api, part.properties)

    def _route(self, api: ApiResource, properties: Properties) -> HttpRoute:
        route_key = properties.text("RouteKey")
        if not _ROUTE_KEY.fullmatch(route_key):
            raise TemplateError(
                properties.place("RouteKey"),
                f"{route_key} is not a route key of an HTTP API",
                "expected $default or METHOD /path",
            )
        authorization = properties.optional_text("AuthorizationType") or "NONE"
        if authorization not in ("NONE", "AWS_IAM"):
            raise TemplateError(properties.place("AuthorizationType"), _AUTHORIZERS)
        integration = self.resources.integration(api, properties).properties
        _check_proxy(integration, "IntegrationType", "PayloadFormatVersion")
        return HttpRoute(
            route_key=route_key,
            function=self.functions.find(integration, "IntegrationUri"),
            timeout=timeout_seconds(integration, "TimeoutInMillis", LONGEST_TIMEOUT),
            authorization_type=AuthorizationType(authorization),
        )

    def _body_routes(self, body: Properties) -> Iterator[HttpRoute]:
        shared = body.section("components")
        for path, operations in body.sections("paths"):
            for method in operations.values:
                if method in _OPERATIONS:
                    operation = operations.section(method)
                    yield self._operation(path, method, operation, shared)

    def _operation(
        self, path: str, method: str, operation: Properties, shared: Properties
    ) -> HttpRoute:
        integration = operation.section(_INTEGRATION)
        reference = integration.optional_text("$ref")
        if reference is not None:
            integrations = shared.section("x-amazon-apigateway-integrations")
            integration = integrations.section(reference.rpartition("/")[2])
        if not integration.values:
            raise TemplateError(operation.place(), f"the operation has no {_INTEGRATION}")
        _check_proxy(integration, "type", "payloadFormatVersion")
        is_default = path.lstrip("/") == "$default"
        verb = "ANY" if method == _ANY_METHOD else method.upper()
        return HttpRoute(
            route_key="$default" if is_default else f"{verb} {path}",
            function=self.functions.find(integration, "uri"),
            timeout=timeout_seconds(integration, "timeoutInMillis", LONGEST_TIMEOUT),
            authorization_type=_authorization_type(operation, shared),
        )


def _authorization_type(operation: Properties, shared: Properties) -> AuthorizationType:
    """The authorization of `security`: none, or a scheme that is `awsSigv4`."""
    security = operation.value("security")
    if not security or security == [{"NONE": []}]:
        return AuthorizationType.NONE
    schemes = shared.section("securitySchemes")
    for wanted in security if isinstance(security, list) else [None]:
        names = list(wanted) if isinstance(wanted, dict) else [""]
        kinds = {schemes.section(name).value(_AUTHORIZER_TYPE) for name in names}
        if kinds != {"awsSigv4"}:
            raise TemplateError(operation.place("security"), _AUTHORIZERS)
    return AuthorizationType.AWS_IAM


def _check_proxy(integration: Properties, kind_name: str, version_name: str) -> None:
    kind = integration.text(kind_name)
    if kind.upper() != "AWS_PROXY" or "IntegrationSubtype" in integration.values:
        raise TemplateError(
            integration.place(kind_name),
            f"the integration {kind} is not served",
            "use AWS_PROXY with a function",
        )
    # Without a version, CloudFormation and OpenAPI mean 1.0.
    version = integration.optional_text(version_name) or "1.0"
    if version != "2.0":
        raise TemplateError(
            integration.place(version_name),
            f"the payload format version {version} is not served",
            'write "2.0"',
        )


def _stage(properties: Properties, route_keys: Collection[str]) -> HttpStage:
    return HttpStage(
        name=properties.text("StageName"),
        variables=properties.text_map("StageVariables"),
        default_throttle=default_throttle(properties),
        throttles=route_throttles(properties, route_keys),
    )


def _cors(api: Properties) -> Cors | None:
    if "CorsConfiguration" in api.values:
        return _cors_values(api.section("CorsConfiguration"), initial=str.upper)
    body = api.section("Body")
    return _cors_values(body.section(_CORS), initial=str.lower) if _CORS in body.values else None


def _cors_values(values: Properties, initial: Callable[[str], str]) -> Cors:
    """CloudFormation writes `AllowOrigins`, OpenAPI `allowOrigins`."""

    def key(name: str) -> str:
        return initial(name[0]) + name[1:]

    members = ("Origins", "Methods", "Headers")
    allowed = {member: values.texts(key(f"Allow{member}")) for member in members}
    return Cors(
        allow_origins=allowed["Origins"],
        allow_methods=allowed["Methods"],
        allow_headers=allowed["Headers"],
        expose_headers=values.texts(key("ExposeHeaders")),
        allow_credentials=values.flag(key("AllowCredentials")),
        max_age=values.integer(key("MaxAge")),
    )
