"""From an event to the request of its integration, and from the response to what the client gets.

Sources: developer guide, apigateway-websocket-api-integration-requests,
apigateway-websocket-api-integration-responses, apigateway-websocket-api-selection-expressions.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from local_gateway.core.http import Headers, Response
from local_gateway.core.websocket.actions import (
    FunctionCall,
    HttpCall,
    IntegrationFailure,
    IntegrationResult,
    InvocationType,
)
from local_gateway.core.websocket.integration import (
    DEFAULT,
    AwsService,
    CustomLambda,
    HttpEndpoint,
    IntegrationResponse,
    MappedIntegration,
    ParameterMapping,
    Passthrough,
    with_stage_variables,
)
from local_gateway.core.websocket.mapping_template import (
    BodyError,
    Variables,
    render,
)
from local_gateway.core.websocket.parameter_mapping import (
    body_values,
    request_value,
    response_value,
)
from local_gateway.core.websocket.route_selection import read_json
from local_gateway.core.websocket.service_requests import service_error, service_request
from local_gateway.core.websocket.velocity_values import VelocityError

type Event = Mapping[str, Any]
type Pairs = list[tuple[str, str]]
type MappedRequest = HttpCall | FunctionCall | Response | IntegrationFailure

INTERNAL = "Internal server error"
SUBPROTOCOL = "Sec-WebSocket-Protocol"
_JSON = "application/json"
_FUNCTION_ERROR = "X-Amz-Function-Error"
_PATH_PARAMETER = re.compile(r"\{([^{}]+)\}")
# Headers of the handshake that concern the connection between the client and the gateway.
_CONNECTION_HEADERS = frozenset(
    {"connection", "content-length", "host", "transfer-encoding", "upgrade"}
)


class _NoTemplateError(Exception):
    """No template is for the body, and it must not pass through."""


@dataclass(frozen=True, slots=True)
class _Parameters:
    """The mapped parameters by location, a name as often as it has values."""

    headers: Pairs
    query: Pairs
    path: dict[str, str]

    def header(self, name: str) -> str | None:
        """The last value of a header."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[-1] if values else None


def integration_request(integration: MappedIntegration, event: Event) -> MappedRequest:
    """The request that an event becomes; the response of a `MOCK`; or why there is none."""
    variables = _variables(event, event.get("body", ""))
    try:
        body = _request_body(integration, event, variables)
        content = base64.b64decode(body, validate=True) if integration.converts_to_binary else None
        parameters = _parameters(integration.parameters, event, variables)
        return _request(
            integration.backend, event, parameters, body.encode() if content is None else content
        )
    except _NoTemplateError:
        cause = f"no request template fits and PassthroughBehavior is {integration.passthrough}"
        return IntegrationFailure(415, "Unsupported Media Type", cause)
    except BodyError as error:
        return IntegrationFailure(400, "Invalid request body", f"request template: {error}")
    except VelocityError as error:
        return IntegrationFailure(500, INTERNAL, f"request template: {error}")
    except binascii.Error:
        return IntegrationFailure(500, INTERNAL, "CONVERT_TO_BINARY: the body is not base64")


def integration_result(
    integration: MappedIntegration,
    event: Event,
    response: Response | IntegrationFailure,
    *,
    two_way: bool,
) -> IntegrationResult | IntegrationFailure:
    """What the response of an integration means for the client; only `two_way` routes send it."""
    if isinstance(response, IntegrationFailure):
        return response
    text = response.body.decode(errors="replace")
    cause = _problem(integration, response, text)
    backend = integration.backend
    if isinstance(backend, HttpEndpoint) and backend.is_proxy:
        subprotocol = response.headers.get(SUBPROTOCOL)
        return IntegrationResult(response.status, text if two_way else None, subprotocol, cause)
    key = _error_message(text) if isinstance(backend, CustomLambda) else str(response.status)
    chosen = _chosen(integration.responses, key)
    if chosen is None:
        if not two_way:
            return IntegrationResult(response.status, cause=cause)
        missing = f"no integration response is for {key or 'what the function returned'}"
        return IntegrationFailure(500, INTERNAL, f"{cause}; {missing}" if cause else missing)
    source = _Source(event, response, text)
    try:
        mapped = source.text(chosen) if two_way else None
    except VelocityError as error:
        return IntegrationFailure(500, INTERNAL, f"response template: {error}")
    return IntegrationResult(response.status, mapped, source.subprotocol(chosen), cause)


def _variables(event: Event, body: str, further: Mapping[str, Any] = {}) -> Variables:
    return Variables(
        body=body,
        context={**event["requestContext"], **further},
        stage_variables=event.get("stageVariables", {}),
        parameters={
            "header": event.get("headers", {}),
            "querystring": event.get("queryStringParameters", {}),
        },
    )


def _request_body(integration: MappedIntegration, event: Event, variables: Variables) -> str:
    backend = integration.backend
    if isinstance(backend, HttpEndpoint) and backend.is_proxy:
        return variables.body

    def value_of(name: str) -> str:
        return _of_request_body(event, name)

    keys = (_JSON,)
    if (expression := integration.template_selection) is not None:
        keys = (expression.evaluate(value_of),)
    template = _template(integration.templates, *keys, DEFAULT)
    if template is not None:
        return render(template, variables)
    if integration.passthrough is Passthrough.NEVER or (
        integration.templates and integration.passthrough is Passthrough.WHEN_NO_TEMPLATES
    ):
        raise _NoTemplateError
    return variables.body


def _template(templates: Mapping[str, str], *keys: str) -> str | None:
    """The template of the first key that has one."""
    return next((templates[key] for key in keys if key in templates), None)


def _of_request_body(event: Event, name: str) -> str:
    """The text of a variable `request.body.PATH`; read as leniently as for the route."""
    try:
        body = json.dumps(read_json(event.get("body", "")))
    except (ValueError, RecursionError):
        return ""
    return "".join(body_values(body, name.removeprefix("request.body")))


def _parameters(
    mappings: Iterable[ParameterMapping], event: Event, variables: Variables
) -> _Parameters:
    """The mapped parameters; what a template sets in `$context.requestOverride` replaces them."""
    values: dict[str, Pairs] = {"header": [], "querystring": [], "path": []}
    for mapping in mappings:
        values[mapping.location] += (
            (mapping.name, value) for value in request_value(mapping.source, event)
        )
    for location, pairs in values.items():
        for name, value in variables.overrides[location].items():
            pairs[:] = [pair for pair in pairs if pair[0].lower() != name.lower()]
            pairs.append((name, str(value)))
    return _Parameters(values["header"], values["querystring"], dict(values["path"]))


def _request(backend: object, event: Event, parameters: _Parameters, body: bytes) -> MappedRequest:
    match backend:
        case HttpEndpoint():
            return _http_call(backend, event, parameters, body)
        case AwsService():
            path = _filled(backend.path, event, parameters)
            return service_request(backend, path, parameters.query, parameters.headers, body)
        case CustomLambda(function):
            return _function_call(function, parameters, body)
        case _:
            return _mock_response(body.decode(errors="replace"))


def _mock_response(body: str) -> Response | IntegrationFailure:
    """The status that the mapped request names; keys without quotes are read, too."""
    try:
        answer = read_json(body)
    except (ValueError, RecursionError):
        answer = None
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    if isinstance(status, str) and re.fullmatch(r"[1-5]\d\d", status):
        return Response(int(status))
    cause = 'MOCK: the mapped request has no statusCode; expected {"statusCode": 200}'
    return IntegrationFailure(500, INTERNAL, cause)


def _http_call(
    endpoint: HttpEndpoint, event: Event, parameters: _Parameters, body: bytes
) -> HttpCall:
    context = event["requestContext"]
    headers, query = list(parameters.headers), list(parameters.query)
    if endpoint.is_proxy and context["eventType"] == "CONNECT":
        names = {name.lower() for name, _ in headers} | _CONNECTION_HEADERS
        headers += (
            (name, value)
            for name, values in event["multiValueHeaders"].items()
            if name.lower() not in names and not name.lower().startswith("sec-websocket-")
            for value in values
        )
        query += (
            (name, value)
            for name, values in event.get("multiValueQueryStringParameters", {}).items()
            for value in values
        )
    if body and parameters.header("Content-Type") is None:
        headers.append(("Content-Type", _JSON))
    names = {name.lower() for name, _ in headers}
    if "user-agent" not in names:
        headers.append(("User-Agent", f"AmazonAPIGateway_{context['apiId']}"))
    headers.append(("x-amzn-apigateway-api-id", context["apiId"]))
    url = _filled(endpoint.uri, event, parameters)
    if query:
        url += f"{'&' if '?' in url else '?'}{urlencode(query)}"
    return HttpCall(method=endpoint.method, url=url, headers=Headers(headers), body=body)


def _filled(uri: str, event: Event, parameters: _Parameters) -> str:
    """A URI with its stage variables and path parameters; what is not there is empty."""
    uri = with_stage_variables(uri, event.get("stageVariables", {}))
    return _PATH_PARAMETER.sub(lambda match: quote(parameters.path.get(match[1], "")), uri)


def _function_call(
    function: str, parameters: _Parameters, body: bytes
) -> FunctionCall | Response | IntegrationFailure:
    """An invocation; Lambda refuses a payload that is not JSON, and takes none for `{}`."""
    kind = parameters.header("X-Amz-Invocation-Type") or InvocationType.REQUEST_RESPONSE
    if kind not in list(InvocationType):
        cause = f"X-Amz-Invocation-Type is {kind}; expected one of {', '.join(InvocationType)}"
        return IntegrationFailure(500, INTERNAL, cause)
    try:
        json.loads(body or b"{}")
    except (ValueError, RecursionError):
        message = json.dumps({"Message": "Could not parse request body into json"})
        headers = Headers((("X-Amzn-ErrorType", "InvalidRequestContentException"),))
        return Response(400, headers, message.encode())
    return FunctionCall(function, body or b"{}", InvocationType(kind))


def _problem(integration: MappedIntegration, response: Response, text: str) -> str | None:
    """Why a response is a problem: an error of a function, of a service, or of a server."""
    status = response.status
    match integration.backend:
        case CustomLambda():
            if response.headers.get(_FUNCTION_ERROR) is not None:
                return f"the function failed: {_error_message(text)}"
            return f"Lambda answered {status}: {service_error(text)}" if status >= 400 else None
        case AwsService(service=service):
            what = service_error(text)
            answered = f"{service} answered {status}"
            return (f"{answered}: {what}" if what else answered) if status >= 400 else None
        case HttpEndpoint():
            return f"the endpoint answered {status}" if status >= 500 else None
    return None


def _error_message(text: str) -> str:
    """`errorMessage` of what a function returned, by which its integration response is chosen."""
    return "".join(body_values(text, ".errorMessage"))


def _chosen(responses: Iterable[IntegrationResponse], text: str) -> IntegrationResponse | None:
    """The first response whose pattern fits, else the one with the key `$default`."""
    fallback = None
    for response in responses:
        if response.fits(text):
            return response
        if response.key == DEFAULT:
            fallback = response
    return fallback


@dataclass(frozen=True, slots=True)
class _Source:
    """What the parameters and templates of a response can read."""

    event: Event
    response: Response
    body: str

    def text(self, chosen: IntegrationResponse) -> str:
        """The text that an integration response makes of the body."""
        # Without an expression, the content type counts; some templates give the status.
        keys: tuple[str, ...] = (_JSON, DEFAULT, str(self.response.status))
        if (expression := chosen.template_selection) is not None:
            keys = (expression.evaluate(self._value_of), DEFAULT)
        template = _template(chosen.templates, *keys)
        if template is not None:
            variables = _variables(self.event, self.body, {"status": self.response.status})
            return render(template, variables)
        if chosen.converts_to_text:
            try:
                return self.response.body.decode()
            except UnicodeDecodeError:
                return base64.b64encode(self.response.body).decode()
        return self.body

    def subprotocol(self, chosen: IntegrationResponse) -> str | None:
        """The only header of a response that reaches a client."""
        for mapping in chosen.parameters:
            if mapping.name.lower() == SUBPROTOCOL.lower():
                for value in self._values(mapping.source):
                    return value
        return None

    def _value_of(self, name: str) -> str:
        if name.startswith("request.body"):
            return _of_request_body(self.event, name)
        return ",".join(self._values(name))

    def _values(self, source: str) -> list[str]:
        return response_value(
            source, self.event, self.response.status, self.response.headers, self.body
        )
