"""The `AWS::ApiGatewayV2::*` resources of a template, sorted by the API they belong to."""

from collections.abc import Iterator
from dataclasses import dataclass

from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.template import Template
from local_gateway.template.readers.properties import Properties, properties_of
from local_gateway.template.readers.references import ResourceReferences

_KNOWN = {
    "Api": (
        "ApiKeySelectionExpression BasePath Body BodyS3Location CorsConfiguration CredentialsArn "
        "Description DisableExecuteApiEndpoint DisableSchemaValidation FailOnWarnings "
        "IpAddressType Name ProtocolType RouteKey RouteSelectionExpression Tags Target Version"
    ),
    "Authorizer": (
        "ApiId AuthorizerCredentialsArn AuthorizerPayloadFormatVersion "
        "AuthorizerResultTtlInSeconds AuthorizerType AuthorizerUri EnableSimpleResponses "
        "IdentitySource IdentityValidationExpression JwtConfiguration Name"
    ),
    "Integration": (
        "ApiId ConnectionId ConnectionType ContentHandlingStrategy CredentialsArn Description "
        "IntegrationMethod IntegrationSubtype IntegrationType IntegrationUri PassthroughBehavior "
        "PayloadFormatVersion RequestParameters RequestTemplates ResponseParameters "
        "TemplateSelectionExpression TimeoutInMillis TlsConfig"
    ),
    "Model": "ApiId ContentType Description Name Schema",
    "Route": (
        "ApiId ApiKeyRequired AuthorizationScopes AuthorizationType AuthorizerId "
        "ModelSelectionExpression OperationName RequestModels RequestParameters RouteKey "
        "RouteResponseSelectionExpression Target"
    ),
    "RouteResponse": (
        "ApiId ModelSelectionExpression ResponseModels ResponseParameters RouteId RouteResponseKey"
    ),
    "Stage": (
        "AccessLogSettings AccessPolicyId ApiId AutoDeploy ClientCertificateId "
        "DefaultRouteSettings DeploymentId Description RouteSettings StageName StageVariables Tags"
    ),
}


@dataclass(frozen=True, slots=True)
class ApiPart:
    """A resource with its physical id, which other resources refer to it by."""

    logical_id: str
    physical_id: str
    properties: Properties


class ApiResources:
    """Finds an API's parts; unknown properties and unknown APIs are refused at once."""

    def __init__(self, template: Template, references: ResourceReferences) -> None:
        self._template = template
        self._references = references
        self.apis = list(self._read("Api"))
        self._parts: dict[tuple[str, str], list[ApiPart]] = {}
        known = {api.physical_id for api in self.apis}
        for kind in ("Authorizer", "Integration", "Model", "Route", "RouteResponse", "Stage"):
            for part in self._read(kind):
                api_id = part.properties.text("ApiId")
                if api_id not in known:
                    raise TemplateError(
                        part.properties.place("ApiId"), f"{api_id} is no API of this template"
                    )
                self._parts.setdefault((kind, api_id), []).append(part)

    def of(self, api: ApiPart, kind: str) -> list[ApiPart]:
        """The parts of an API: `Route`, `Stage`, `Integration`, …, in the template's order."""
        return self._parts.get((kind, api.physical_id), [])

    def integration(self, api: ApiPart, route: Properties) -> ApiPart:
        """The integration that a route's `Target` names."""
        target = route.text("Target")
        for part in self.of(api, "Integration"):
            if target == f"integrations/{part.physical_id}":
                return part
        raise TemplateError(
            route.place("Target"),
            f"{target} is no integration of this API",
            'expected !Join ["/", [integrations, !Ref TheIntegration]]',
        )

    def _read(self, kind: str) -> Iterator[ApiPart]:
        for resource in self._template.of_type(f"AWS::ApiGatewayV2::{kind}"):
            properties = properties_of(resource, self._references.resolver)
            properties.only(*_KNOWN[kind].split())
            physical_id = self._references.ref(resource.logical_id, properties.place())
            yield ApiPart(resource.logical_id, str(physical_id), properties)


def timeout_seconds(properties: Properties, name: str, most: float) -> float:
    """An integration's timeout; milliseconds in the template, 50 to `most` seconds."""
    milliseconds = properties.integer(name)
    if milliseconds is None:
        return most
    if not 50 <= milliseconds <= most * 1000:
        raise TemplateError(
            properties.place(name), f"{milliseconds} is not between 50 and {most * 1000:.0f}"
        )
    return milliseconds / 1000
