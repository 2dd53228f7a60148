"""The throttles of a stage, from `DefaultRouteSettings` and `RouteSettings`."""

from collections.abc import Collection

from local_gateway.core.model import Throttle
from local_gateway.core.throttling import ACCOUNT_THROTTLE
from local_gateway.template.document.errors import TemplateError, did_you_mean
from local_gateway.template.loading.resource_properties import properties_of_type
from local_gateway.template.readers.properties import Properties


def default_throttle(stage: Properties) -> Throttle | None:
    """What holds for routes without settings of their own."""
    return _throttle(stage.section("DefaultRouteSettings"))


def route_throttles(stage: Properties, route_keys: Collection[str]) -> dict[str, Throttle]:
    """The throttles by route key; raises `TemplateError` for a route that the API has not."""
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
