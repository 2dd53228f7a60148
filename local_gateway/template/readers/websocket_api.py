"""WebSocket APIs as typed values."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from local_gateway.core.model import (
    ApiKeySource,
    AuthorizationType,
    Authorizer,
    WebSocketApi,
    WebSocketRoute,
    WebSocketStage,
)
from local_gateway.core.websocket.route_selection import RouteSelection
from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.document.source import JsonObject
from local_gateway.template.readers.api_keys import ApiKeyDirectory
from local_gateway.template.readers.api_resources import (
    STAGE_NAME,
    ApiDirectory,
    ApiResource,
    default_throttle,
    refuse_properties,
    route_throttles,
    stage_variables,
)
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.integrations import (
    IntegrationReader,
    check_integration_responses,
    has_no_status,
    never_answers,
)
from local_gateway.template.readers.properties import Properties

_API_KEY_SOURCES = {
    "$request.header.x-api-key": ApiKeySource.HEADER,
    "$context.authorizer.usageIdentifierKey": ApiKeySource.AUTHORIZER,
}
_RESERVED_ROUTES = ("$connect", "$disconnect", "$default")


@dataclass(frozen=True, slots=True)
class WebSocketApiReader:
    """Reads the WebSocket APIs of a template."""

    resources: ApiDirectory
    functions: FunctionDirectory
    api_keys: ApiKeyDirectory

    def read(self, api: ApiResource) -> WebSocketApi:
        """An API; raises `TemplateError` for what is wrong or not served."""
        problems = self.resources.problems
        with problems.collect():
            refuse_properties(api.properties, _HTTP_API_ONLY, "HTTP")
        for part in self.resources.of(api, "Authorizer"):
            with problems.collect():
                _check_authorizer(part.properties)
        check_integration_responses(self.resources, api)
        routes: dict[str, WebSocketRoute] = {}
        keys: set[str] = set()
        for part in self.resources.of(api, "Route"):
            with problems.collect():
                key = part.properties.text("RouteKey")
                if key in keys:
                    raise TemplateError(part.properties.place("RouteKey"), f"a second route {key}")
                keys.add(key)
                routes[key] = self._route(api, part)
        keys.update(self.resources.left_out_route_keys(api))
        expression = ""
        with problems.collect():
            expression = _route_selection_expression(api.properties)
        stages = []
        wants_key = any(route.api_key_required for route in routes.values())
        for part in self.resources.deployed_stages(api):
            with problems.collect():
                stage = _stage(part.properties, keys)
                api_keys = self.api_keys.of(api.physical_id, stage.name, required=wants_key)
                stages.append(replace(stage, api_keys=api_keys))
        return WebSocketApi(
            logical_id=api.logical_id,
            api_id=api.physical_id,
            route_selection_expression=expression,
            routes=routes,
            stages=tuple(stages),
            api_key_source=_api_key_source(api.properties),
        )

    def _route(self, api: ApiResource, part: ApiResource) -> WebSocketRoute:
        properties = part.properties
        route_key = properties.text("RouteKey")
        _check_route_key(properties, route_key)
        refuse_properties(properties, ("AuthorizationScopes",), "HTTP")
        _refuse_unserved(properties)
        reader = IntegrationReader(self.resources, self.functions)
        integration, timeout = reader.read(api, self.resources.integration(api, properties))
        if route_key != "$disconnect" and has_no_status(integration):
            self.resources.warnings.append(
                f"{properties.place()}: the MOCK integration of {route_key} needs a request "
                """template such as $default: '{"statusCode": 200}'; without one clients get an """
                "error"
            )
        two_way = self._is_two_way(api, part)
        if two_way and route_key != "$connect" and never_answers(integration):
            self.resources.warnings.append(
                f"{properties.place()}: {route_key} is two-way, but its integration has no "
                "integration response, so clients get an error"
            )
        return WebSocketRoute(
            route_key=route_key,
            integration=integration,
            timeout=timeout,
            authorization_type=_authorization_type(properties, route_key),
            authorizer=self._authorizer(api, properties),
            api_key_required=properties.flag("ApiKeyRequired"),
            two_way=two_way,
            model_selection_expression=properties.optional_text("ModelSelectionExpression"),
            request_models=self._request_models(api, properties),
        )

    def _authorizer(self, api: ApiResource, route: Properties) -> Authorizer | None:
        if route.optional_text("AuthorizationType") != "CUSTOM":
            return None
        authorizer_id = route.text("AuthorizerId")
        for part in self.resources.of(api, "Authorizer"):
            if part.physical_id == authorizer_id:
                properties = part.properties
                return Authorizer(
                    logical_id=part.logical_id,
                    name=properties.text("Name"),
                    function=self.functions.find(properties, "AuthorizerUri"),
                    identity_sources=properties.texts("IdentitySource"),
                )
        raise TemplateError(
            route.place("AuthorizerId"), f"{authorizer_id} is not an authorizer of this API"
        )

    def _is_two_way(self, api: ApiResource, route: ApiResource) -> bool:
        """Both are needed: the expression and the resource."""
        if route.properties.optional_text("RouteResponseSelectionExpression") is None:
            return False
        route.properties.choice("RouteResponseSelectionExpression", ("$default",))
        for response in self.resources.of(api, "RouteResponse"):
            response.properties.choice("RouteResponseKey", ("$default",))
            if response.properties.text("RouteId") == route.physical_id:
                return True
        return False

    def _request_models(self, api: ApiResource, route: Properties) -> dict[str, Mapping[str, Any]]:
        models = {part.properties.text("Name"): part for part in self.resources.of(api, "Model")}
        schemas: dict[str, Mapping[str, Any]] = {}
        for key, name in route.text_map("RequestModels").items():
            if name not in models:
                raise TemplateError(
                    route.place("RequestModels", key), f"there is no model named {name}"
                )
            schemas[key] = _schema(models[name].properties)
        return schemas


def _api_key_source(api: Properties) -> ApiKeySource:
    expression = api.choice(
        "ApiKeySelectionExpression", tuple(_API_KEY_SOURCES), default="$request.header.x-api-key"
    )
    return _API_KEY_SOURCES[expression]


def _schema(model: Properties) -> JsonObject:
    schema = model.value("Schema")
    if isinstance(schema, str):
        try:
            schema = json.loads(schema)
        except ValueError as error:
            raise TemplateError(model.place("Schema"), f"is not JSON: {error}") from None
    if not isinstance(schema, dict):
        raise TemplateError(model.place("Schema"), "expected a JSON schema")
    return schema


def _authorization_type(route: Properties, route_key: str) -> AuthorizationType:
    kind = route.choice("AuthorizationType", ("NONE", "CUSTOM", "AWS_IAM"), default="NONE")
    if kind != "NONE" and route_key != "$connect":
        raise TemplateError(
            route.place("AuthorizationType"), f"{route_key}: only $connect can be authorized"
        )
    return AuthorizationType(kind)


def _refuse_unserved(route: Properties) -> None:
    if route.flag("ApiKeyRequired") and route.text("RouteKey") != "$connect":
        raise TemplateError(
            route.place("ApiKeyRequired"), "only $connect can require an API key", "remove it"
        )
    for name, parameter in route.sections("RequestParameters"):
        if parameter.flag("Required"):
            raise TemplateError(
                route.place("RequestParameters", name), "required parameters are not served yet"
            )


_HTTP_API_ONLY = ("BasePath", "Body", "BodyS3Location", "CorsConfiguration", "RouteKey", "Target")
_HTTP_AUTHORIZER_ONLY = (
    "AuthorizerPayloadFormatVersion",
    "AuthorizerResultTtlInSeconds",
    "EnableSimpleResponses",
    "JwtConfiguration",
)
_IDENTITY_SOURCE = re.compile(
    r"route\.request\.(header|querystring)\.[^\s.,'\"]+|(stageVariables|context)\.[\w.]+"
)


def _check_authorizer(authorizer: Properties) -> None:
    authorizer.choice("AuthorizerType", ("REQUEST",))
    refuse_properties(authorizer, _HTTP_AUTHORIZER_ONLY, "HTTP")
    for source in authorizer.texts("IdentitySource"):
        if not _IDENTITY_SOURCE.fullmatch(source):
            name = re.fullmatch(r"\$?(?:route\.|method\.)?(request\..+)", source)
            example = f"route.{name[1]}" if name else "route.request.header.Authorization"
            if not _IDENTITY_SOURCE.fullmatch(example):
                example = "route.request.header.Authorization"
            raise TemplateError(
                authorizer.place("IdentitySource"),
                f"{source} is not an identity source of a WebSocket API; AWS refuses it",
                f"write {example}",
            )


def _check_route_key(route: Properties, route_key: str) -> None:
    if not route_key:
        raise TemplateError(route.place("RouteKey"), "the route key is empty")
    if route_key.startswith("$") and route_key not in _RESERVED_ROUTES:
        raise TemplateError(
            route.place("RouteKey"),
            f"{route_key} is refused by AWS: only {', '.join(_RESERVED_ROUTES)} begin with $",
            did_you_mean(route_key, _RESERVED_ROUTES) or f"write {route_key[1:] or '$default'}",
        )


def _route_selection_expression(properties: Properties) -> str:
    expression = properties.text("RouteSelectionExpression")
    try:
        RouteSelection.parse(expression)
    except ValueError as error:
        raise TemplateError(properties.place("RouteSelectionExpression"), str(error)) from None
    return expression


def _stage(properties: Properties, route_keys: Collection[str]) -> WebSocketStage:
    name = properties.text("StageName")
    if not STAGE_NAME.fullmatch(name):
        raise TemplateError(
            properties.place("StageName"), f"{name} is not a stage name of a WebSocket API"
        )
    return WebSocketStage(
        name=name,
        variables=stage_variables(properties),
        default_throttle=default_throttle(properties),
        throttles=route_throttles(properties, route_keys),
    )
