"""HTTP APIs as typed values, from an OpenAPI `Body` or from `AWS::ApiGatewayV2::Route`s."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from local_gateway.core.http_api.authorizers import IDENTITY_SOURCE
from local_gateway.core.model import (
    AuthorizationType,
    Cors,
    HttpApi,
    HttpLambdaAuthorizer,
    HttpRoute,
    HttpStage,
    JwtAuthorizer,
)
from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.problems import NotServedError
from local_gateway.template.readers.api_resources import (
    STAGE_NAME,
    ApiDirectory,
    ApiResource,
    default_throttle,
    refuse_properties,
    route_throttles,
    stage_variables,
    timeout_seconds,
)
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties

LONGEST_TIMEOUT = 30.0
LONGEST_TTL = 3600

_METHODS = "GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS|ANY"
_ROUTE_KEY = re.compile(rf"\$default|({_METHODS}) /\S*")
_ANY_METHOD = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_OPERATIONS = frozenset({*_METHODS.lower().split("|"), _ANY_METHOD} - {"any"})
_AUTHORIZER = "x-amazon-apigateway-authorizer"
_AUTHORIZER_TYPE = "x-amazon-apigateway-authtype"
_CORS = "x-amazon-apigateway-cors"
_WEBSOCKET_API_ONLY = ("ApiKeySelectionExpression", "DisableSchemaValidation")
_WEBSOCKET_ROUTE_ONLY = (
    "ApiKeyRequired",
    "ModelSelectionExpression",
    "RequestModels",
    "RouteResponseSelectionExpression",
)
_WEBSOCKET_INTEGRATION_ONLY = (
    "ContentHandlingStrategy",
    "PassthroughBehavior",
    "RequestTemplates",
    "TemplateSelectionExpression",
)
_SELECTION_EXPRESSION = "${request.method} ${request.path}"
_VARIABLE = re.compile(r"\{[\w.:-]+(\+)?\}")
_LEFT_OUT = "the route is left out"


@dataclass(frozen=True, slots=True)
class HttpApiReader:
    """Reads the HTTP APIs of a template."""

    resources: ApiDirectory
    functions: FunctionDirectory

    def read(self, api: ApiResource) -> HttpApi:
        """An API; raises `TemplateError` for what is wrong or not served."""
        properties = api.properties
        if "BodyS3Location" in properties.values:
            raise NotServedError(
                properties.place("BodyS3Location"), "the definition is in S3", "the API is left out"
            )
        problems = self.resources.problems
        with problems.collect():
            refuse_properties(properties, _WEBSOCKET_API_ONLY, "WebSocket")
            _check_selection_expression(properties)
        for kind in ("IntegrationResponse", "Model", "RouteResponse"):
            self.resources.refuse_parts(api, kind, "WebSocket")
        routes: dict[str, HttpRoute] = {}
        for place, route in self._routes(api):
            if route.route_key in routes:
                problems.add(TemplateError(place, f"a second route {route.route_key}"))
            routes[route.route_key] = route
        keys = {*routes, *self.resources.left_out_route_keys(api)}
        stages = []
        for part in self.resources.deployed_stages(api):
            with problems.collect():
                stages.append(_stage(part.properties, keys))
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

    def _routes(self, api: ApiResource) -> Iterator[tuple[Place, HttpRoute]]:
        properties = api.properties
        yield from self._body_routes(properties.section("Body"))
        if "Target" in properties.values:
            yield (
                properties.place("RouteKey"),
                HttpRoute(
                    route_key=properties.optional_text("RouteKey") or "$default",
                    function=self.functions.find(properties, "Target"),
                ),
            )
        for part in self.resources.of(api, "Route"):
            try:
                yield part.properties.place("RouteKey"), self._route(api, part.properties)
            except TemplateError as error:
                self.resources.leave_out_route(api, part, error)

    def _route(self, api: ApiResource, properties: Properties) -> HttpRoute:
        route_key = properties.text("RouteKey")
        if not _ROUTE_KEY.fullmatch(route_key):
            raise TemplateError(
                properties.place("RouteKey"),
                f"{route_key} is not a route key of an HTTP API",
                "expected $default or METHOD /path",
            )
        _check_path(properties, route_key)
        refuse_properties(properties, _WEBSOCKET_ROUTE_ONLY, "WebSocket")
        kinds = ("NONE", "AWS_IAM", "JWT", "CUSTOM")
        kind = AuthorizationType(properties.choice("AuthorizationType", kinds, default="NONE"))
        integration = self.resources.integration(api, properties).properties
        refuse_properties(integration, _WEBSOCKET_INTEGRATION_ONLY, "WebSocket")
        version = _payload_format_version(integration, "IntegrationType", "PayloadFormatVersion")
        return HttpRoute(
            route_key=route_key,
            payload_format_version=version,
            function=self.functions.find(integration, "IntegrationUri"),
            timeout=timeout_seconds(integration, "TimeoutInMillis", LONGEST_TIMEOUT),
            authorization_type=kind,
            authorizer=self._authorizer(api, properties, kind),
            scopes=properties.texts("AuthorizationScopes"),
        )

    def _authorizer(
        self, api: ApiResource, route: Properties, kind: AuthorizationType
    ) -> JwtAuthorizer | HttpLambdaAuthorizer | None:
        if kind not in (AuthorizationType.JWT, AuthorizationType.CUSTOM):
            return None
        authorizer_id = route.text("AuthorizerId")
        for part in self.resources.of(api, "Authorizer"):
            if part.physical_id == authorizer_id:
                properties = part.properties
                return self._read_authorizer(properties, properties.text("Name"), str.upper)
        raise TemplateError(
            route.place("AuthorizerId"), f"{authorizer_id} is not an authorizer of this API"
        )

    def _read_authorizer(
        self, authorizer: Properties, name: str, initial: Callable[[str], str]
    ) -> JwtAuthorizer | HttpLambdaAuthorizer:
        """CloudFormation writes `IdentitySource`, OpenAPI `identitySource`."""

        def key(name: str) -> str:
            return initial(name[0]) + name[1:]

        sources = _identity_sources(authorizer, key("IdentitySource"))
        kind = authorizer.text("AuthorizerType" if initial is str.upper else "type").upper()
        if kind == "JWT":
            configuration = authorizer.section(key("JwtConfiguration"))
            return JwtAuthorizer(
                name=name,
                identity_source=(*sources, "$request.header.Authorization")[0],
                issuer=configuration.text(key("Issuer")),
                audience=configuration.texts(key("Audience")),
            )
        if kind != "REQUEST":
            cause = f"{kind} is not an authorizer of an HTTP API"
            raise TemplateError(authorizer.place(), cause, "expected JWT or REQUEST")
        version = authorizer.optional_text(key("AuthorizerPayloadFormatVersion")) or "1.0"
        is_simple = authorizer.flag(key("EnableSimpleResponses"))
        if version not in ("1.0", "2.0") or (is_simple and version != "2.0"):
            place = authorizer.place(key("AuthorizerPayloadFormatVersion"))
            cause = f"AWS refuses {version}" + (" with simple responses" if is_simple else "")
            raise TemplateError(place, cause, 'write "2.0"')
        ttl = key("AuthorizerResultTtlInSeconds")
        return HttpLambdaAuthorizer(
            name=name,
            function=self.functions.find(authorizer, key("AuthorizerUri")),
            identity_sources=sources,
            payload_format_version=version,
            simple_responses=is_simple,
            ttl=authorizer.integer_between(ttl, 0, LONGEST_TTL, 300),
        )

    def _body_routes(self, body: Properties) -> Iterator[tuple[Place, HttpRoute]]:
        shared = body.section("components")
        for path, operations in body.sections("paths"):
            for method in operations.values:
                if method in _OPERATIONS:
                    with self.resources.problems.collect():
                        operation = operations.section(method)
                        route = self._operation(path, method, operation, shared)
                        yield operation.place(), route

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
        version = _payload_format_version(integration, "type", "payloadFormatVersion")
        is_default = path.lstrip("/") == "$default"
        kind, authorizer, scopes = self._security(operation, shared)
        verb = "ANY" if method == _ANY_METHOD else method.upper()
        return HttpRoute(
            route_key="$default" if is_default else f"{verb} {path}",
            payload_format_version=version,
            function=self.functions.find(integration, "uri"),
            timeout=timeout_seconds(integration, "timeoutInMillis", LONGEST_TIMEOUT),
            authorization_type=kind,
            authorizer=authorizer,
            scopes=scopes,
        )

    def _security(
        self, operation: Properties, shared: Properties
    ) -> tuple[AuthorizationType, JwtAuthorizer | HttpLambdaAuthorizer | None, tuple[str, ...]]:
        """The authorization of `security`: the first scheme that the document defines."""
        schemes = shared.section("securitySchemes")
        for entry in operation.objects("security"):
            for name, scopes in entry.values.items():
                scheme = schemes.section(name)
                if scheme.value(_AUTHORIZER_TYPE) == "awsSigv4":
                    return AuthorizationType.AWS_IAM, None, ()
                if _AUTHORIZER in scheme.values:
                    authorizer = self._read_authorizer(scheme.section(_AUTHORIZER), name, str.lower)
                    is_jwt = isinstance(authorizer, JwtAuthorizer)
                    kind = AuthorizationType.JWT if is_jwt else AuthorizationType.CUSTOM
                    texts = scopes if isinstance(scopes, list) else []
                    return kind, authorizer, tuple(map(str, texts))
                if name != "NONE":
                    cause = f"{name} is not an authorizer of the document"
                    raise TemplateError(operation.place("security"), cause)
        return AuthorizationType.NONE, None, ()


def _identity_sources(authorizer: Properties, name: str) -> tuple[str, ...]:
    """A list, or a text with commas."""
    texts = authorizer.texts(name)
    sources = tuple(part.strip() for text in texts for part in text.split(",") if part.strip())
    for source in sources:
        if not IDENTITY_SOURCE.fullmatch(source):
            raise TemplateError(
                authorizer.place(name),
                f"{source} is not an identity source of an HTTP API; AWS refuses it",
                "write $request.header.Authorization",
            )
    return sources


def _payload_format_version(integration: Properties, kind_name: str, version_name: str) -> str:
    """The version of a Lambda proxy integration; other integrations are refused."""
    kind = integration.text(kind_name)
    if kind.upper() != "AWS_PROXY" or "IntegrationSubtype" in integration.values:
        raise NotServedError(
            integration.place(kind_name), f"the integration {kind} is not served", _LEFT_OUT
        )
    # Without a version, CloudFormation and OpenAPI mean 1.0.
    return integration.choice(version_name, ("1.0", "2.0"), default="1.0")


def _check_selection_expression(api: Properties) -> None:
    expression = api.optional_text("RouteSelectionExpression")
    if expression not in (None, _SELECTION_EXPRESSION):
        raise TemplateError(
            api.place("RouteSelectionExpression"),
            f"{expression} is for WebSocket APIs only; AWS refuses it",
            f"remove it, or write {_SELECTION_EXPRESSION}",
        )


def _check_path(route: Properties, route_key: str) -> None:
    """A path's variables are whole segments, and only the last may take the rest of the path."""
    segments = route_key.partition(" ")[2].split("/")
    for at, segment in enumerate(segments):
        variable = _VARIABLE.fullmatch(segment)
        is_rest_in_the_middle = variable and variable[1] and at < len(segments) - 1
        if is_rest_in_the_middle or (variable is None and set("{}") & set(segment)):
            raise TemplateError(
                route.place("RouteKey"),
                f"{segment} is not a variable of a path; AWS refuses it",
                "expected {name} as a whole segment, or {name+} as the last one",
            )


def _stage(properties: Properties, route_keys: Collection[str]) -> HttpStage:
    name = properties.text("StageName")
    if name != "$default" and not STAGE_NAME.fullmatch(name):
        raise TemplateError(
            properties.place("StageName"), f"{name} is not a stage name of an HTTP API"
        )
    return HttpStage(
        name=name,
        variables=stage_variables(properties),
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
    if values.flag(key("AllowCredentials")) and "*" in allowed["Origins"]:
        raise TemplateError(
            values.place(key("AllowCredentials")),
            "AWS refuses credentials for every origin",
            f"name the origins in {key('AllowOrigins')}",
        )
    return Cors(
        allow_origins=allowed["Origins"],
        allow_methods=allowed["Methods"],
        allow_headers=allowed["Headers"],
        expose_headers=values.texts(key("ExposeHeaders")),
        allow_credentials=values.flag(key("AllowCredentials")),
        max_age=values.integer(key("MaxAge")),
    )
