"""The `AWS::ApiGatewayV2::*` resources of a template, sorted by the API they belong to."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from local_gateway.core.model import Throttle
from local_gateway.core.throttling import ACCOUNT_THROTTLE
from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.document.problems import NotServedError
from local_gateway.template.loading.resource_properties import properties_of_type
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate

_PARTS = (
    "Authorizer",
    "Deployment",
    "Integration",
    "IntegrationResponse",
    "Model",
    "Route",
    "RouteResponse",
    "Stage",
)
STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]+")
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]*")


@dataclass(frozen=True, slots=True)
class ApiResource:
    """A resource with its physical id, by which other resources refer to it."""

    logical_id: str
    physical_id: str
    properties: Properties


class ApiDirectory:
    """Finds the resources of an API; a resource of another API is refused at once."""

    def __init__(self, resources: ResolvedTemplate, warnings: list[str]) -> None:
        self._resources = resources
        self.warnings = warnings
        self.problems = resources.problems
        self.apis = list(self._read("Api"))
        self._parts: dict[tuple[str, str], list[ApiResource]] = {}
        self._left_out: dict[str, set[str]] = {}
        api_ids = {api.physical_id for api in self.apis}
        for kind in _PARTS:
            for part in self._read(kind):
                with resources.problems.collect():
                    api_id = part.properties.text("ApiId")
                    if api_id not in api_ids:
                        place = part.properties.place("ApiId")
                        cause = f"{api_id} is not an API of this template"
                        raise NotServedError(place, cause, "it is left out")
                    self._parts.setdefault((kind, api_id), []).append(part)

    def of(self, api: ApiResource, kind: str) -> list[ApiResource]:
        """The parts of an API: `Route`, `Stage`, `Integration`, …, in the template's order."""
        return self._parts.get((kind, api.physical_id), [])

    def integration(self, api: ApiResource, route: Properties) -> ApiResource:
        """The integration that a route's `Target` names."""
        target = route.text("Target")
        for part in self.of(api, "Integration"):
            if target == f"integrations/{part.physical_id}":
                return part
        raise TemplateError(
            route.place("Target"),
            f"{target} is not an integration of this API",
            'expected !Join ["/", [integrations, !Ref TheIntegration]]',
        )

    def leave_out_route(self, api: ApiResource, route: ApiResource, error: TemplateError) -> None:
        """Add the problem of a route; a stage may still have settings for it."""
        self.problems.add(error)
        key = route.properties.optional_text("RouteKey")
        self._left_out.setdefault(api.physical_id, set()).add(key or "")

    def left_out_route_keys(self, api: ApiResource) -> set[str]:
        """The keys of the routes that are left out."""
        gone = self._resources.left_out_of_type("AWS::ApiGatewayV2::Route")
        keys = {part.optional_text("RouteKey") or "" for part in gone}
        return keys | self._left_out.get(api.physical_id, set())

    def deployed_stages(self, api: ApiResource) -> list[ApiResource]:
        """The stages that have a deployment; a stage without one is left out with a warning.

        A stage is deployed by `AutoDeploy`, by `DeploymentId`, or by a deployment that names it.
        """
        deployments = self.of(api, "Deployment")
        named = {part.properties.optional_text("StageName") for part in deployments}
        deployed, names = [], set[str]()
        for part in self.of(api, "Stage"):
            with self.problems.collect():
                stage, name = part.properties, part.properties.text("StageName")
                if name in names:
                    raise TemplateError(stage.place("StageName"), f"a second stage {name}")
                names.add(name)
                deployment = stage.optional_text("DeploymentId")
                if deployment is not None and deployment not in {
                    part.physical_id for part in deployments
                }:
                    raise TemplateError(
                        stage.place("DeploymentId"), f"{deployment} is not a deployment of this API"
                    )
                if stage.flag("AutoDeploy") or deployment is not None or name in named:
                    deployed.append(part)
                    continue
                self.warnings.append(
                    f"{stage.place()}: the stage {name} has no deployment: as on AWS it answers no "
                    "client; set AutoDeploy: true or DeploymentId"
                )
        return deployed

    def refuse_parts(self, api: ApiResource, kind: str, protocol: str) -> None:
        """Refuse the parts that an API of the other protocol has."""
        for part in self.of(api, kind):
            cause = f"AWS::ApiGatewayV2::{kind} is for {protocol} APIs only"
            self.problems.add(TemplateError(part.properties.place(), cause))

    def _read(self, kind: str) -> Iterator[ApiResource]:
        for properties in self._resources.of_type(f"AWS::ApiGatewayV2::{kind}"):
            physical_id = self._resources.ref_of(properties)
            yield ApiResource(properties.logical_id, physical_id, properties)


def refuse_properties(properties: Properties, names: Collection[str], protocol: str) -> None:
    """Refuse properties that only APIs of the other protocol have; false and empty are nothing."""
    for name in properties.values:
        if name in names and properties.value(name) not in (None, False, "false", [], {}):
            raise TemplateError(
                properties.place(name), f"is for {protocol} APIs only; AWS refuses it", "remove it"
            )


def stage_variables(stage: Properties, key: str = "StageVariables") -> dict[str, str]:
    """The variables of a stage."""
    variables = stage.text_map(key)
    for name, value in variables.items():
        if not _VARIABLE_NAME.fullmatch(name) or not _VARIABLE_VALUE.fullmatch(value):
            raise TemplateError(
                stage.place(key, name),
                "AWS refuses the variable",
                "names have letters, digits and _; values also -.~:/?#&=, and no spaces",
            )
    return variables


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


def default_throttle(stage: Properties) -> Throttle | None:
    """The throttle of routes without settings."""
    return _throttle(stage.section("DefaultRouteSettings"))


def route_throttles(stage: Properties, route_keys: Collection[str]) -> dict[str, Throttle]:
    """The throttles by route key; raises `TemplateError` for a route that does not exist."""
    throttles = {}
    for key, settings in stage.sections("RouteSettings"):
        if key not in route_keys:
            remedy = did_you_mean(key, tuple(route_keys))
            raise TemplateError(
                stage.place("RouteSettings", key), f"there is no route {key}", remedy
            )
        throttle = _throttle(settings)
        if throttle is not None:
            throttles[key] = throttle
    return throttles


def _throttle(settings: Properties) -> Throttle | None:
    settings.only(*properties_of_type("AWS::ApiGatewayV2::Stage.RouteSettings"))
    rate = settings.number("ThrottlingRateLimit")
    burst = settings.integer("ThrottlingBurstLimit")
    if rate is None and burst is None:
        return None
    return Throttle(
        rate=ACCOUNT_THROTTLE.rate if rate is None else rate,
        burst=ACCOUNT_THROTTLE.burst if burst is None else burst,
    )
