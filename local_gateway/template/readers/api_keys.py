"""API keys and usage plans: which keys let a client into which stage of which API.

Source: CloudFormation template reference, AWS::ApiGateway::ApiKey, UsagePlan and UsagePlanKey.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from local_gateway.core.model import ApiKey, Quota, Throttle
from local_gateway.core.throttling import ACCOUNT_THROTTLE
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.problems import ConsequenceError
from local_gateway.template.readers.properties import Properties
from local_gateway.template.readers.resolved_template import ResolvedTemplate

# AWS refuses others (api-gateway-setup-api-key-with-console).
_LENGTHS = range(20, 129)
_GENERATED_LENGTH = 40


@dataclass(frozen=True, slots=True)
class _Plan:
    """A usage plan: the stages that it lets keys into, by API id and stage name."""

    stages: tuple[tuple[str, str], ...]
    throttle: Throttle | None
    quota: Quota | None


class ApiKeyDirectory:
    """The keys of a template by the stages that they are for."""

    def __init__(self, resources: ResolvedTemplate, warnings: list[str]) -> None:
        self._resources = resources
        self._warnings = warnings
        self._keys: dict[tuple[str, str], list[ApiKey]] = {}
        keys, plans = dict(self._read_keys()), dict(self._read_plans())
        for membership in resources.of_type("AWS::ApiGateway::UsagePlanKey"):
            with resources.problems.collect():
                key_id, plan_id = membership.text("KeyId"), membership.text("UsagePlanId")
                for name, names, kind in (
                    ("KeyId", keys, "an API key"),
                    ("UsagePlanId", plans, "a usage plan"),
                ):
                    if membership.text(name) not in names:
                        cause = f"{membership.text(name)} is not {kind} of this template"
                        raise ConsequenceError(membership.place(name), cause)
                self._add(keys[key_id], plans[plan_id])

    def of(self, api_id: str, stage: str, *, required: bool) -> tuple[ApiKey, ...]:
        """The keys that a stage accepts; warns if there is none though one is `required`."""
        keys = tuple(self._keys.get((api_id, stage), ()))
        if required and not keys:
            self._warnings.append(
                f"the stage {stage} wants an API key, and no usage plan of the template lets one "
                "in: as on AWS it answers 403"
            )
        return keys

    def _add(self, key: ApiKey | None, plan: _Plan) -> None:
        if key is None:  # disabled
            return
        for stage in plan.stages:
            with_plan = replace(key, throttle=plan.throttle, quota=plan.quota)
            self._keys.setdefault(stage, []).append(with_plan)

    def _read_keys(self) -> Iterator[tuple[str, ApiKey | None]]:
        for properties in self._resources.of_type("AWS::ApiGateway::ApiKey"):
            with self._resources.problems.collect():
                key_id = self._resources.ref_of(properties)
                value = properties.optional_text("Value")
                if value is not None and len(value) not in _LENGTHS:
                    raise TemplateError(
                        properties.place("Value"),
                        f"AWS refuses a key of {len(value)} characters",
                        f"write {_LENGTHS[0]} to {_LENGTHS[-1]} characters",
                    )
                enabled = "Enabled" not in properties.values or properties.flag("Enabled")
                if value is None:
                    value = self._resources.stack.physical_id(
                        f"{properties.logical_id}/value", _GENERATED_LENGTH
                    )
                    if enabled:
                        self._warnings.append(
                            f"{properties.logical_id}: the template gives the API key no Value; "
                            f"here it is {value}"
                        )
                yield key_id, ApiKey(key_id=key_id, value=value) if enabled else None

    def _read_plans(self) -> Iterator[tuple[str, _Plan]]:
        for properties in self._resources.of_type("AWS::ApiGateway::UsagePlan"):
            with self._resources.problems.collect():
                stages = tuple(
                    (stage.text("ApiId"), stage.text("Stage"))
                    for stage in properties.objects("ApiStages")
                )
                plan = _Plan(stages, _throttle(properties), _quota(properties))
                yield self._resources.ref_of(properties), plan


def _quota(plan: Properties) -> Quota | None:
    settings = plan.section("Quota")
    limit = settings.integer("Limit")
    if limit is None:
        return None
    return Quota(limit=limit, period=settings.choice("Period", ("DAY", "WEEK", "MONTH")))


def _throttle(plan: Properties) -> Throttle | None:
    settings = plan.section("Throttle")
    rate, burst = settings.number("RateLimit"), settings.integer("BurstLimit")
    if rate is None and burst is None:
        return None
    return Throttle(
        rate=ACCOUNT_THROTTLE.rate if rate is None else rate,
        burst=ACCOUNT_THROTTLE.burst if burst is None else burst,
    )
