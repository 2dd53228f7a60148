"""REST APIs as typed values, from an OpenAPI `Body` or from resources and methods.

What has no effect here, or is not served, is a warning: the rest of the API is.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from local_gateway.core.model import (
    DEFAULT_INTEGRATION_TIMEOUT,
    ApiKeySource,
    AuthorizationType,
    GatewayResponse,
    LambdaIntegration,
    MockIntegration,
    RequestValidation,
    RestApi,
    RestAuthorizer,
    RestAuthorizerKind,
    RestIntegration,
    RestMethod,
    RestStage,
    Throttle,
    UnservedIntegration,
)
from local_gateway.core.rest_api.authorizers import AUTHORIZATION, IDENTITY_SOURCE
from local_gateway.core.rest_api.gateway_responses import is_header_expression, is_renderable
from local_gateway.core.throttling import ACCOUNT_THROTTLE
from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.readers.api_keys import ApiKeyDirectory
from local_gateway.template.readers.api_resources import (
    STAGE_NAME,
    ApiResource,
    stage_variables,
    timeout_seconds,
)
from local_gateway.template.readers.functions import FunctionDirectory
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.request_validation import method_validation, openapi_validation
from local_gateway.template.readers.resolved_template import ResolvedTemplate

# 29 seconds without a request to AWS for more (api-gateway-execution-service-limits-table).
LONGEST_TIMEOUT = 300.0
LONGEST_TTL = 3600

_PREFIX = "x-amazon-apigateway-"
_ANY_METHOD = f"{_PREFIX}any-method"
_INTEGRATION = f"{_PREFIX}integration"
_AUTHORIZER = f"{_PREFIX}authorizer"
_METHODS = frozenset({"get", "post", "put", "delete", "patch", "head", "options", _ANY_METHOD})
_PARTS = (
    "Authorizer",
    "Deployment",
    "GatewayResponse",
    "Method",
    "Model",
    "RequestValidator",
    "Resource",
    "Stage",
)
_INTEGRATIONS = ("AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK")
_API_KEY_HEADER = "x-api-key"
_STATUS = re.compile(r"[\"']?statusCode[\"']?\s*:\s*[\"']?(\d{3})")
# What the CDK and the Serverless Framework write for several origins.
_ORIGIN = re.compile(r'\$origin\.matches\("([^"]*)"\)')
_CORS_TEMPLATE = re.compile(
    r"""(?x: \s | \#end
    | \#set\(\$origin\ =\ \$input\.params\([^)]*\) (\.header\.get\("\w+"\))? \)
    | \#if\(\$origin\ ==\ ""\)
    | \#if\( (\s | \|\| | \$origin\.matches\("[^"]*"\))+ \)
    | \#set\(\$context\.responseOverride\.header\.Access-Control-Allow-Origin\ =\ \$origin\)
    )+"""
)
_RESPONSE_HEADER = "method.response.header."
# The stage that SAM's deployments create beside the one that the template asks for.
_STAGE_OF_SAM = "Stage"


class RestApiDirectory:
    """Finds the parts of REST APIs."""

    def __init__(self, resources: ResolvedTemplate) -> None:
        self._resources = resources
        self.problems = resources.problems
        self.apis = [self._resource(api) for api in resources.of_type("AWS::ApiGateway::RestApi")]
        self._parts: dict[tuple[str, str], list[ApiResource]] = {}
        api_ids = {api.physical_id for api in self.apis}
        for kind in _PARTS:
            for properties in resources.of_type(f"AWS::ApiGateway::{kind}"):
                with resources.problems.collect():
                    api_id = properties.text("RestApiId")
                    if api_id not in api_ids:
                        cause = f"{api_id} is not a REST API of this template"
                        raise TemplateError(properties.place("RestApiId"), cause)
                    part = self._resource(properties)
                    self._parts.setdefault((kind, api_id), []).append(part)

    def of(self, api: ApiResource, kind: str) -> list[ApiResource]:
        """The parts of an API, in the template's order."""
        return self._parts.get((kind, api.physical_id), [])

    def paths(self, api: ApiResource) -> dict[str, str]:
        """The paths of an API's resources, by their ids."""
        place = api.properties.place()
        root = str(self._resources.attribute(api.logical_id, "RootResourceId", place))
        paths = {root: "/"}
        waiting = self.of(api, "Resource")
        while waiting:
            ready = [part for part in waiting if part.properties.text("ParentId") in paths]
            if not ready:
                place = waiting[0].properties.place("ParentId")
                raise TemplateError(place, "is neither the root nor a resource of this API")
            for part in ready:
                parent = paths[part.properties.text("ParentId")]
                paths[part.physical_id] = f"{parent.rstrip('/')}/{part.properties.text('PathPart')}"
            waiting = [part for part in waiting if part not in ready]
        return paths

    def _resource(self, properties: Properties) -> ApiResource:
        return ApiResource(properties.logical_id, self._resources.ref_of(properties), properties)


@dataclass(frozen=True, slots=True)
class RestApiReader:
    """Reads the REST APIs of a template."""

    resources: RestApiDirectory
    functions: FunctionDirectory
    api_keys: ApiKeyDirectory
    warnings: list[str]

    def read(self, api: ApiResource) -> RestApi:
        """An API; raises `TemplateError` for what is wrong."""
        properties = api.properties
        if "BodyS3Location" in properties.values:
            raise TemplateError(properties.place("BodyS3Location"), "the definition is in S3")
        body = properties.section("Body")
        self._warn_of_policy(properties, body)
        methods = {(item.http_method, item.resource): item for item in self._body_methods(body)}
        for item in self._methods(api):
            methods[item.http_method, item.resource] = item
        with self.resources.problems.collect():
            _check_siblings(properties, {item.resource for item in methods.values()})
        return RestApi(
            logical_id=api.logical_id,
            api_id=api.physical_id,
            methods=tuple(methods.values()),
            stages=tuple(self._stages(api, methods.values())),
            binary_media_types=_binary_media_types(properties, body),
            api_key_source=_api_key_source(properties, body),
            gateway_responses=dict(self._gateway_responses(api, body)),
        )

    # OpenAPI

    def _body_methods(self, body: Properties) -> Iterator[RestMethod]:
        definitions = body.section("securityDefinitions")
        if not definitions.values:
            definitions = body.section("components").section("securitySchemes")
        for path, operations in body.sections("paths"):
            _check_resource(operations, path)
            for name in operations.values:
                if name.lower() in _METHODS:
                    with self.resources.problems.collect():
                        operation = operations.section(name)
                        security = operation if "security" in operation.values else body
                        method = self._operation(
                            path, name.lower(), operation, security, definitions
                        )
                        validation = openapi_validation(body, operations, operation)
                        yield replace(method, validation=validation)

    def _operation(
        self,
        path: str,
        name: str,
        operation: Properties,
        security: Properties,
        definitions: Properties,
    ) -> RestMethod:
        wanted = [
            (scheme, scopes)
            for entry in security.objects("security")
            for scheme, scopes in entry.values.items()
        ]
        authorization = _Authorization()
        for scheme, scopes in wanted:
            definition = definitions.section(scheme)
            name_of_key = str(definition.value("name")).lower()
            if _AUTHORIZER in definition.values:
                authorizer = self._body_authorizer(scheme, definition)
                found = tuple(map(str, scopes)) if isinstance(scopes, list) else ()
                authorization = authorization.with_authorizer(authorizer, found)
            elif definition.value(f"{_PREFIX}authtype") == "awsSigv4":
                authorization = authorization.with_signature()
            elif name_of_key == _API_KEY_HEADER:
                authorization = authorization.with_api_key()
        integration = operation.section(_INTEGRATION)
        keys = _IntegrationKeys("type", "uri", "timeoutInMillis", "requestTemplates")
        return RestMethod(
            http_method="ANY" if name == _ANY_METHOD else name.upper(),
            resource=path,
            integration=self._integration(
                operation, integration, keys, list(_openapi_responses(integration))
            ),
            authorization_type=authorization.kind,
            authorizer=authorization.authorizer,
            scopes=authorization.scopes,
            api_key_required=authorization.api_key_required,
        )

    def _body_authorizer(self, name: str, definition: Properties) -> RestAuthorizer:
        authorizer = definition.section(_AUTHORIZER)
        kind = RestAuthorizerKind(
            authorizer.choice("type", ("token", "request", "cognito_user_pools")).upper()
        )
        sources = _identity_sources(authorizer, "identitySource")
        if kind is not RestAuthorizerKind.REQUEST:
            sources = (f"method.request.header.{definition.text('name')}",)
        return RestAuthorizer(
            logical_id=name,
            name=name,
            kind=kind,
            function=self._authorizer_function(kind, authorizer, "authorizerUri"),
            identity_sources=sources,
            validation_expression=_pattern(authorizer, "identityValidationExpression"),
            ttl=authorizer.integer_between("authorizerResultTtlInSeconds", 0, LONGEST_TTL, 300),
            user_pools=_user_pools(authorizer, "providerARNs"),
        )

    # Resources and methods

    def _methods(self, api: ApiResource) -> Iterator[RestMethod]:
        parts = self.resources.of(api, "Method")
        paths = self.resources.paths(api) if parts else {}
        for part in parts:
            with self.resources.problems.collect():
                yield self._method(api, part.properties, paths)

    def _method(self, api: ApiResource, method: Properties, paths: Mapping[str, str]) -> RestMethod:
        resource = paths.get(method.text("ResourceId"))
        if resource is None:
            cause = f"{method.text('ResourceId')} is not a resource of this API"
            raise TemplateError(method.place("ResourceId"), cause)
        _check_resource(method, resource)
        kinds = tuple(kind.value for kind in AuthorizationType if kind.value != "JWT")
        kind = AuthorizationType(method.choice("AuthorizationType", kinds, default="NONE"))
        integration = method.section("Integration")
        keys = _IntegrationKeys("Type", "Uri", "TimeoutInMillis", "RequestTemplates")
        return RestMethod(
            http_method=method.text("HttpMethod").upper(),
            resource=resource,
            integration=self._integration(
                method, integration, keys, list(_resource_responses(integration))
            ),
            authorization_type=kind,
            authorizer=self._authorizer(api, method, kind),
            scopes=method.texts("AuthorizationScopes"),
            api_key_required=method.flag("ApiKeyRequired"),
            validation=self._validation(api, method),
        )

    def _validation(self, api: ApiResource, method: Properties) -> RequestValidation | None:
        """What the validator of a method, if it has one, looks at."""
        validator_id = method.optional_text("RequestValidatorId")
        if validator_id is None:
            return None
        validators = self.resources.of(api, "RequestValidator")
        for part in validators:
            if part.physical_id == validator_id:
                models = {
                    item.physical_id: item.properties for item in self.resources.of(api, "Model")
                }
                return method_validation(method, part.properties, models)
        raise TemplateError(
            method.place("RequestValidatorId"), f"{validator_id} is not a validator of this API"
        )

    def _authorizer(
        self, api: ApiResource, method: Properties, kind: AuthorizationType
    ) -> RestAuthorizer | None:
        if kind not in (AuthorizationType.CUSTOM, AuthorizationType.COGNITO_USER_POOLS):
            return None
        authorizer_id = method.text("AuthorizerId")
        for part in self.resources.of(api, "Authorizer"):
            if part.physical_id == authorizer_id:
                return self._resource_authorizer(part)
        raise TemplateError(
            method.place("AuthorizerId"), f"{authorizer_id} is not an authorizer of this API"
        )

    def _resource_authorizer(self, part: ApiResource) -> RestAuthorizer:
        properties = part.properties
        kind = RestAuthorizerKind(properties.choice("Type", tuple(RestAuthorizerKind)))
        sources = _identity_sources(properties, "IdentitySource")
        if kind is not RestAuthorizerKind.REQUEST:
            sources = sources[:1] or (AUTHORIZATION,)
        return RestAuthorizer(
            logical_id=part.logical_id,
            name=properties.text("Name"),
            kind=kind,
            function=self._authorizer_function(kind, properties, "AuthorizerUri"),
            identity_sources=sources,
            validation_expression=_pattern(properties, "IdentityValidationExpression"),
            ttl=properties.integer_between("AuthorizerResultTtlInSeconds", 0, LONGEST_TTL, 300),
            user_pools=_user_pools(properties, "ProviderARNs"),
        )

    def _authorizer_function(
        self, kind: RestAuthorizerKind, authorizer: Properties, name: str
    ) -> str:
        is_lambda = kind is not RestAuthorizerKind.COGNITO_USER_POOLS
        return self.functions.find(authorizer, name) if is_lambda else ""

    # Integrations

    def _integration(
        self,
        method: Properties,
        integration: Properties,
        keys: "_IntegrationKeys",
        responses: "list[_MockResponse]",
    ) -> RestIntegration:
        if not integration.values:
            raise TemplateError(method.place(), "the method has no integration")
        kind = integration.text(keys.kind).upper()
        if kind not in _INTEGRATIONS:
            remedy = did_you_mean(kind, _INTEGRATIONS) or f"allowed: {', '.join(_INTEGRATIONS)}"
            raise TemplateError(integration.place(keys.kind), f"{kind} is not allowed", remedy)
        if kind == "AWS_PROXY":
            return LambdaIntegration(
                function=self.functions.find(integration, keys.uri),
                timeout=timeout_seconds(integration, keys.timeout, LONGEST_TIMEOUT)
                if keys.timeout in integration.values
                else DEFAULT_INTEGRATION_TIMEOUT,
            )
        cause = f"the integration {kind} is not served"
        if kind == "MOCK":
            templates = integration.section(keys.templates)
            mock = _mock(templates, responses)
            if mock is not None:
                return mock
            cause = "mapping templates are not served"
        self.warnings.append(
            f"{integration.place(keys.kind)}: {cause}: the method answers 502; use AWS_PROXY with "
            "a function"
        )
        return UnservedIntegration(cause=cause)

    # Stages and what belongs to the API as a whole

    def _stages(self, api: ApiResource, methods: Collection[RestMethod]) -> Iterator[RestStage]:
        wants_key = any(method.api_key_required for method in methods)
        deployments = {
            part.physical_id: part.properties for part in self.resources.of(api, "Deployment")
        }
        names = set[str]()
        for part in self.resources.of(api, "Stage"):
            with self.resources.problems.collect():
                stage = part.properties
                if stage.text("DeploymentId") not in deployments:
                    cause = f"{stage.text('DeploymentId')} is not a deployment of this API"
                    raise TemplateError(stage.place("DeploymentId"), cause)
                yield self._stage(api, stage, stage, names, wants_key)
        for deployment in deployments.values():
            name = deployment.optional_text("StageName")
            is_of_sam = name == _STAGE_OF_SAM and names
            if name is not None and name not in names and not is_of_sam:
                with self.resources.problems.collect():
                    described = deployment.section("StageDescription")
                    yield self._stage(api, deployment, described, names, wants_key)

    def _stage(
        self,
        api: ApiResource,
        owner: Properties,
        settings: Properties,
        names: set[str],
        wants_key: bool,
    ) -> RestStage:
        """The stage that `owner`, a stage or a deployment, names."""
        name = owner.text("StageName")
        if not STAGE_NAME.fullmatch(name):
            cause = f"{name} is not a stage name of a REST API"
            raise TemplateError(owner.place("StageName"), cause)
        if name in names:
            raise TemplateError(owner.place("StageName"), f"a second stage {name}")
        names.add(name)
        default, throttles = _stage_throttles(settings)
        return RestStage(
            name=name,
            variables=stage_variables(settings, "Variables"),
            default_throttle=default,
            throttles=throttles,
            api_keys=self.api_keys.of(api.physical_id, name, required=wants_key),
        )

    def _gateway_responses(
        self, api: ApiResource, body: Properties
    ) -> Iterator[tuple[str, GatewayResponse]]:
        for name, response in body.sections(f"{_PREFIX}gateway-responses"):
            keys = ("statusCode", "responseParameters", "responseTemplates")
            yield name, self._gateway_response(response, *keys)
        for part in self.resources.of(api, "GatewayResponse"):
            with self.resources.problems.collect():
                keys = ("StatusCode", "ResponseParameters", "ResponseTemplates")
                name = part.properties.text("ResponseType")
                yield name, self._gateway_response(part.properties, *keys)

    def _gateway_response(
        self, response: Properties, status: str, parameters: str, templates: str
    ) -> GatewayResponse:
        headers = []
        for name, expression in response.text_map(parameters).items():
            header = name.removeprefix("gatewayresponse.header.")
            if header == name or not is_header_expression(expression):
                place = response.place(parameters, name)
                self.warnings.append(f"{place}: {expression} is not served, so it is left out")
                continue
            headers.append((header, expression))
        template = response.section(templates).optional_text("application/json")
        if template is not None and not is_renderable(template):
            place = response.place(templates)
            self.warnings.append(f"{place}: has more than $context variables, so it is left out")
            template = None
        return GatewayResponse(
            status=response.integer(status), headers=tuple(headers), template=template
        )

    def _warn_of_policy(self, properties: Properties, body: Properties) -> None:
        for owner, name in ((properties, "Policy"), (body, f"{_PREFIX}policy")):
            if owner.value(name):
                self.warnings.append(
                    f"{owner.place(name)}: resource policies are not evaluated here"
                )


@dataclass(frozen=True, slots=True)
class _IntegrationKeys:
    """What OpenAPI and CloudFormation call the members of an integration."""

    kind: str
    uri: str
    timeout: str
    templates: str


@dataclass(frozen=True, slots=True)
class _Authorization:
    """What `security` of an operation asks for."""

    kind: AuthorizationType = AuthorizationType.NONE
    authorizer: RestAuthorizer | None = None
    scopes: tuple[str, ...] = ()
    api_key_required: bool = False

    def with_authorizer(
        self, authorizer: RestAuthorizer, scopes: tuple[str, ...]
    ) -> "_Authorization":
        """With an authorizer, which has precedence over a signature."""
        is_cognito = authorizer.kind is RestAuthorizerKind.COGNITO_USER_POOLS
        kind = AuthorizationType.COGNITO_USER_POOLS if is_cognito else AuthorizationType.CUSTOM
        return _Authorization(kind, authorizer, scopes, self.api_key_required)

    def with_signature(self) -> "_Authorization":
        """With a signature of AWS."""
        return _Authorization(AuthorizationType.AWS_IAM, None, (), self.api_key_required)

    def with_api_key(self) -> "_Authorization":
        """With an API key besides."""
        return _Authorization(self.kind, self.authorizer, self.scopes, True)


@dataclass(frozen=True, slots=True)
class _MockResponse:
    """An integration response of a MOCK: `status` selects it, `None` is the default."""

    selects: str | None
    status: int
    parameters: Mapping[str, str]
    template: str


def _openapi_responses(integration: Properties) -> Iterator[_MockResponse]:
    for pattern, response in integration.sections("responses"):
        yield _MockResponse(
            None if pattern == "default" else pattern,
            response.integer("statusCode") or 200,
            response.text_map("responseParameters"),
            response.section("responseTemplates").optional_text("application/json") or "",
        )


def _resource_responses(integration: Properties) -> Iterator[_MockResponse]:
    for response in integration.objects("IntegrationResponses"):
        yield _MockResponse(
            response.optional_text("SelectionPattern") or None,
            response.integer("StatusCode") or 200,
            response.text_map("ResponseParameters"),
            response.section("ResponseTemplates").optional_text("application/json") or "",
        )


def _mock(templates: Properties, responses: list[_MockResponse]) -> MockIntegration | None:
    """The fixed answer of a MOCK, as SAM, Chalice and the CDK write it; `None` for another one."""
    request = templates.optional_text("application/json") or '{"statusCode": 200}'
    status = _STATUS.search(request)
    if status is None or "#" in request or "$" in request:
        return None
    fitting = [item for item in responses if item.selects and re.fullmatch(item.selects, status[1])]
    chosen = [*fitting, *(item for item in responses if item.selects is None)]
    if not chosen:
        return None
    response = chosen[0]
    values = response.parameters.items()
    is_fixed = all(value[:1] == value[-1:] == "'" and len(value) > 1 for _, value in values)
    origins = _origins(response.template)
    if not is_fixed or (origins is None and re.search(r"[$#]", response.template)):
        return None
    headers = [(name.removeprefix(_RESPONSE_HEADER), value[1:-1]) for name, value in values]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return MockIntegration(
        status=response.status,
        headers=tuple(headers),
        body=response.template if origins is None else "",
        origins=origins or (),
    )


def _origins(template: str) -> tuple[str, ...] | None:
    """The origins of a response template for CORS, as regular expressions."""
    if not _CORS_TEMPLATE.fullmatch(template):
        return None
    origins = tuple(_ORIGIN.findall(template))
    try:
        for origin in origins:
            re.compile(origin)
    except re.error:
        return None
    return origins


def _check_resource(owner: Properties, path: str) -> None:
    """A path's variables are whole segments, and only the last may take the rest of the path."""
    segments = path.split("/")[1:]
    for at, segment in enumerate(segments):
        variable = re.fullmatch(r"\{[\w.:-]+(\+)?\}", segment)
        is_rest_in_the_middle = variable and variable[1] and at < len(segments) - 1
        if is_rest_in_the_middle or (variable is None and set("{}") & set(segment)):
            raise TemplateError(
                owner.place(),
                f"{segment} is not a variable of a path; AWS refuses it",
                "expected {name} as a whole segment, or {name+} as the last one",
            )


def _check_siblings(api: Properties, resources: set[str]) -> None:
    """Two paths may not differ in the name of a variable alone."""
    seen: dict[str, str] = {}
    for resource in sorted(resources):
        for end in range(1, len(parts := resource.split("/")) + 1):
            written = "/".join(parts[:end])
            shape = re.sub(r"\{[^}]*?(\+?)\}", r"{\1}", written)
            if seen.setdefault(shape, written) != written:
                raise TemplateError(
                    api.place(),
                    f"{seen[shape]} and {written} differ in the name of a variable alone; AWS "
                    "refuses that",
                    "give the variable one name",
                )


def _identity_sources(authorizer: Properties, name: str) -> tuple[str, ...]:
    text = authorizer.optional_text(name) or ""
    sources = tuple(source.strip() for source in text.split(",") if source.strip())
    for source in sources:
        if not IDENTITY_SOURCE.fullmatch(source):
            raise TemplateError(
                authorizer.place(name),
                f"{source} is not an identity source of a REST API; AWS refuses it",
                f"write {AUTHORIZATION}",
            )
    return sources


def _pattern(authorizer: Properties, name: str) -> str | None:
    pattern = authorizer.optional_text(name)
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            raise TemplateError(
                authorizer.place(name), f"is not a regular expression: {error}"
            ) from None
    return pattern


def _user_pools(authorizer: Properties, name: str) -> tuple[str, ...]:
    return tuple(arn.rpartition("/")[2] for arn in authorizer.texts(name))


def _binary_media_types(properties: Properties, body: Properties) -> tuple[str, ...]:
    types = properties.texts("BinaryMediaTypes") + body.texts(f"{_PREFIX}binary-media-types")
    return tuple(dict.fromkeys(text.replace("~1", "/") for text in types))


def _api_key_source(properties: Properties, body: Properties) -> ApiKeySource:
    sources = tuple(ApiKeySource)
    in_body = body.optional_text(f"{_PREFIX}api-key-source")
    default = in_body.upper() if in_body else "HEADER"
    return ApiKeySource(properties.choice("ApiKeySourceType", sources, default))


def _stage_throttles(stage: Properties) -> tuple[Throttle | None, dict[str, Throttle]]:
    """The throttle of the whole stage, and those of methods by `METHOD /resource`."""
    default, throttles = None, {}
    for settings in stage.objects("MethodSettings"):
        rate = settings.number("ThrottlingRateLimit")
        burst = settings.integer("ThrottlingBurstLimit")
        if rate is None and burst is None:
            continue
        throttle = Throttle(
            rate=ACCOUNT_THROTTLE.rate if rate is None else rate,
            burst=ACCOUNT_THROTTLE.burst if burst is None else burst,
        )
        path = settings.text("ResourcePath").removeprefix("/").replace("~1", "/")
        method = settings.text("HttpMethod")
        if (path, method) == ("*", "*"):
            default = throttle
        else:
            throttles[f"{method} /{path.removeprefix('/')}"] = throttle
    return default, throttles
