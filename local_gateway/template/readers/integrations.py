"""The integrations of WebSocket routes as typed values."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from local_gateway.core.model import DEFAULT_INTEGRATION_TIMEOUT
from local_gateway.core.websocket import mapping_template
from local_gateway.core.websocket.integration import (
    DEFAULT,
    AwsService,
    Backend,
    CustomLambda,
    HttpEndpoint,
    Integration,
    IntegrationResponse,
    LambdaProxy,
    MappedIntegration,
    Mock,
    ParameterMapping,
    Passthrough,
    SelectionExpression,
    stage_variables_of,
    with_stage_variables,
)
from local_gateway.core.websocket.parameter_mapping import request_mapping, response_mapping
from local_gateway.core.websocket.service_requests import service_of
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.problems import NotServedError
from local_gateway.template.document.source import JsonObject
from local_gateway.template.readers.api_resources import (
    ApiDirectory,
    ApiResource,
    refuse_properties,
    stage_variables,
    timeout_seconds,
)
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties

_LEFT_OUT = "the route is left out"
_TYPES = ("AWS_PROXY", "AWS", "HTTP_PROXY", "HTTP", "MOCK")
_METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_REQUEST_VARIABLES = ("request.body",)
_RESPONSE_VARIABLES = ("request.body", "integration.response.")
_FUNCTION_URI = re.compile(r"arn:[^:]+:(?:apigateway:[^:]*:lambda:path/|lambda:).*")


@dataclass(frozen=True, slots=True)
class IntegrationReader:
    """Reads the integrations that routes name, with their integration responses."""

    resources: ApiDirectory
    functions: FunctionDirectory

    def read(self, api: ApiResource, part: ApiResource) -> tuple[Integration, float]:
        """An integration and its timeout in seconds."""
        properties = part.properties
        refuse_properties(properties, ("IntegrationSubtype",), "HTTP")
        if properties.optional_text("PayloadFormatVersion") not in (None, "1.0"):
            self._warn(
                properties,
                "PayloadFormatVersion",
                "events of WebSocket APIs have no format version; it has no effect",
            )
        timeout = timeout_seconds(properties, "TimeoutInMillis", DEFAULT_INTEGRATION_TIMEOUT)
        if properties.choice("IntegrationType", _TYPES) == "AWS_PROXY":
            if properties.optional_text("ContentHandlingStrategy") == "CONVERT_TO_BINARY":
                raise NotServedError(
                    properties.place("ContentHandlingStrategy"),
                    "CONVERT_TO_BINARY is not served for AWS_PROXY",
                    _LEFT_OUT,
                )
            return LambdaProxy(self._function(api, properties)), timeout
        return self._mapped(api, part), timeout

    def _mapped(self, api: ApiResource, part: ApiResource) -> MappedIntegration:
        properties = part.properties
        refuse_properties(properties, ("ResponseParameters", "TlsConfig"), "HTTP")
        backend, name = self._backend(api, properties)
        handling = _content_handling(properties)
        return MappedIntegration(
            name=name,
            backend=backend,
            templates=_templates(properties, "RequestTemplates"),
            template_selection=_expression(properties, _REQUEST_VARIABLES),
            passthrough=Passthrough(
                properties.choice("PassthroughBehavior", tuple(Passthrough), "WHEN_NO_MATCH")
            ),
            parameters=_parameters(properties, "RequestParameters", request_mapping),
            converts_to_binary=handling == "CONVERT_TO_BINARY",
            responses=tuple(self._responses(api, part)),
        )

    def _function(self, api: ApiResource, properties: Properties) -> str:
        """The function that the URI names, perhaps by variables that are the same in all stages."""
        uri, place = properties.text("IntegrationUri"), properties.place("IntegrationUri")
        needed = stage_variables_of(uri)
        if not needed:
            return self.functions.find(properties, "IntegrationUri")
        functions = set()
        for part in self.resources.of(api, "Stage"):
            variables = stage_variables(part.properties)
            for name in needed:
                if name not in variables:
                    stage = part.properties.text("StageName")
                    raise TemplateError(place, f"the stage {stage} has no variable {name}")
            values: JsonObject = {"IntegrationUri": with_stage_variables(uri, variables)}
            functions.add(self.functions.find(properties.within(values), "IntegrationUri"))
        if len(functions) != 1:
            raise NotServedError(
                place,
                "a function that differs between stages is not served",
                f"{_LEFT_OUT}; give the stages the same variables, or serve one stage",
            )
        return functions.pop()

    def _backend(self, api: ApiResource, properties: Properties) -> tuple[Backend, str]:
        kind = properties.text("IntegrationType")
        if kind == "MOCK":
            return Mock(), "mock"
        method = self._method(properties)
        if kind != "AWS":
            uri = _http_uri(properties)
            if properties.optional_text("ConnectionType") == "VPC_LINK":
                self._warn(properties, "ConnectionType", "VPC links are not there: called directly")
            shown = urlsplit(uri)
            return HttpEndpoint(method, uri, kind == "HTTP_PROXY"), (
                f"http {method} {shown.netloc.rpartition('@')[2]}{shown.path}"
            )
        uri = properties.text("IntegrationUri")
        if _FUNCTION_URI.fullmatch(uri):
            function = self._function(api, properties)
            return CustomLambda(function), "lambda"
        return self._service(properties, uri, method)

    def _service(self, properties: Properties, uri: str, method: str) -> tuple[AwsService, str]:
        place = properties.place("IntegrationUri")
        try:
            service = service_of(uri, method)
        except ValueError as error:
            raise NotServedError(place, str(error), _LEFT_OUT) from None
        if service is None:
            raise TemplateError(
                place,
                f"{uri} is no URI of an integration of the type AWS",
                "expected arn:aws:apigateway:REGION:SERVICE:action/NAME or …:SERVICE:path/PATH",
            )
        if properties.optional_text("CredentialsArn") is None:
            self._warn(
                properties,
                "",
                f"CredentialsArn is missing: on AWS, API Gateway needs a role to call "
                f"{service.service}",
            )
        path = service.path.rpartition("/")[2] if service.service == "sqs" else service.path
        return service, f"{service.service}:{service.action or path}"

    def _method(self, properties: Properties) -> str:
        method = properties.choice("IntegrationMethod", _METHODS, "POST")
        if properties.optional_text("IntegrationMethod") is None:
            self._warn(properties, "", "IntegrationMethod is missing: POST is used")
        return "POST" if method == "ANY" else method

    def _responses(self, api: ApiResource, part: ApiResource) -> Iterable[IntegrationResponse]:
        keys: set[str] = set()
        for response in self.resources.of(api, "IntegrationResponse"):
            properties = response.properties
            if properties.text("IntegrationId") != part.physical_id:
                continue
            key = _response_key(properties)
            if key in keys:
                raise TemplateError(
                    properties.place("IntegrationResponseKey"), f"a second response {key}"
                )
            keys.add(key)
            handling = _content_handling(properties)
            if handling == "CONVERT_TO_BINARY":
                raise NotServedError(
                    properties.place("ContentHandlingStrategy"),
                    "CONVERT_TO_BINARY is not served for responses: clients get text",
                    _LEFT_OUT,
                )
            yield IntegrationResponse(
                key=key,
                templates=_templates(properties, "ResponseTemplates"),
                template_selection=_expression(properties, _RESPONSE_VARIABLES),
                parameters=_parameters(properties, "ResponseParameters", response_mapping),
                converts_to_text=handling == "CONVERT_TO_TEXT",
            )

    def _warn(self, properties: Properties, name: str, text: str) -> None:
        place = properties.place(name) if name else properties.place()
        warning = f"{place}: {text}"
        if warning not in self.resources.warnings:  # several routes may share an integration
            self.resources.warnings.append(warning)


def has_no_status(integration: Integration) -> bool:
    """Whether it is a mock without a request template, which would name the status."""
    if isinstance(integration, LambdaProxy) or integration.templates:
        return False
    return isinstance(integration.backend, Mock)


def never_answers(integration: Integration) -> bool:
    """Whether the integration needs an integration response and has none."""
    if isinstance(integration, LambdaProxy) or integration.responses:
        return False
    return not isinstance(integration.backend, HttpEndpoint) or not integration.backend.is_proxy


def check_integration_responses(resources: ApiDirectory, api: ApiResource) -> None:
    """Raise for an integration response of no integration of the API."""
    integrations = {part.physical_id for part in resources.of(api, "Integration")}
    for response in resources.of(api, "IntegrationResponse"):
        with resources.problems.collect():
            name = response.properties.text("IntegrationId")
            if name not in integrations:
                raise TemplateError(
                    response.properties.place("IntegrationId"),
                    f"{name} is not an integration of this API",
                )


def _http_uri(properties: Properties) -> str:
    uri = properties.text("IntegrationUri")
    if not re.match(r"https?://[^/]", uri):
        raise TemplateError(
            properties.place("IntegrationUri"),
            f"{uri} is no URL of an HTTP endpoint",
            "expected http://… or https://…",
        )
    return uri


def _content_handling(properties: Properties) -> str | None:
    if properties.optional_text("ContentHandlingStrategy") is None:
        return None
    return properties.choice("ContentHandlingStrategy", ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT"))


def _templates(properties: Properties, name: str) -> dict[str, str]:
    templates = properties.text_map(name)
    for key, template in templates.items():
        try:
            mapping_template.check(template)
        except ValueError as error:
            raise TemplateError(properties.place(name, key), str(error)) from None
    return {DEFAULT if key == f"\\{DEFAULT}" else key: text for key, text in templates.items()}


def _expression(properties: Properties, variables: tuple[str, ...]) -> SelectionExpression | None:
    text = properties.optional_text("TemplateSelectionExpression")
    if text is None:
        return None
    try:
        return SelectionExpression.parse(text, variables)
    except ValueError as error:
        raise TemplateError(properties.place("TemplateSelectionExpression"), str(error)) from None


def _parameters(
    properties: Properties, name: str, read: Callable[[str, str], ParameterMapping]
) -> tuple[ParameterMapping, ...]:
    mappings = []
    for target, source in properties.text_map(name).items():
        try:
            mappings.append(read(target, source))
        except ValueError as error:
            raise TemplateError(properties.place(name, target), str(error)) from None
    return tuple(mappings)


def _response_key(properties: Properties) -> str:
    key = properties.text("IntegrationResponseKey").removeprefix("\\")
    place = properties.place("IntegrationResponseKey")
    if key == DEFAULT:
        return key
    if len(key) < 3 or key[0] != "/" or key[-1] != "/":
        raise TemplateError(
            place, f"{key} is no key of an integration response", "expected $default or /PATTERN/"
        )
    try:
        re.compile(key[1:-1])
    except re.error as error:
        raise TemplateError(place, f"{key} is no pattern: {error}") from None
    return key
