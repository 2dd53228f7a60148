"""What the services refuse at deployment: numbers, names and choices outside their limits.

Sources: the API references of Lambda, API Gateway V2, EventBridge and EventBridge Scheduler, and
their pages on quotas. A quota that AWS raises on request is not checked.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.source import as_list
from local_gateway.template.readers.properties import Properties


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `lowest` to `highest`."""

    path: str
    lowest: int
    highest: int

    def check(self, owner: Properties, name: str) -> None:
        """Raise `TemplateError` if the property is outside."""
        owner.integer_between(name, self.lowest, self.highest, self.lowest)


@dataclass(frozen=True, slots=True)
class Name:
    """A text that matches `pattern`, which `meaning` explains."""

    path: str
    pattern: str
    meaning: str

    def check(self, owner: Properties, name: str) -> None:
        """Raise `TemplateError` if the text does not match."""
        text = owner.optional_text(name)
        if text is not None and not re.fullmatch(self.pattern, text):
            raise TemplateError(owner.place(name), f"{text!r} is refused by AWS", self.meaning)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of `allowed`."""

    path: str
    allowed: tuple[str, ...]

    def check(self, owner: Properties, name: str) -> None:
        """Raise `TemplateError` for another text."""
        if owner.optional_text(name) is not None:
            owner.choice(name, self.allowed)


@dataclass(frozen=True, slots=True)
class Count:
    """A list of at most `most` items."""

    path: str
    most: int

    def check(self, owner: Properties, name: str) -> None:
        """Raise `TemplateError` for a longer list."""
        count = len(as_list(owner.value(name)))
        if count > self.most:
            raise TemplateError(
                owner.place(name), f"{count} are given, AWS allows {self.most}", "leave some out"
            )


type Limit = Whole | Name | Choice | Count

_EVENT_NAME = Name("Name", r"[.\-_A-Za-z0-9]{1,64}", "expected up to 64 of A-Z a-z 0-9 . _ -")
_DESCRIPTION = r"(?s).{0,256}"

LIMITS: Mapping[str, tuple[Limit, ...]] = {
    "AWS::ApiGatewayV2::Api": (
        Name("Name", r"(?s).{1,128}", "expected 1 to 128 characters"),
        Whole("CorsConfiguration.MaxAge", -1, 86_400),
    ),
    "AWS::ApiGatewayV2::Authorizer": (
        Name("Name", r"(?s).{1,128}", "expected 1 to 128 characters"),
        Whole("AuthorizerResultTtlInSeconds", 0, 3600),
    ),
    "AWS::ApiGatewayV2::Stage": (
        Choice("DefaultRouteSettings.LoggingLevel", ("ERROR", "INFO", "OFF")),
    ),
    "AWS::Events::Rule": (
        _EVENT_NAME,
        Choice("State", ("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")),
        Count("Targets", 5),
    ),
    "AWS::Lambda::Alias": (
        Name(
            "Name",
            r"(?!\d+$)[A-Za-z0-9_-]{1,128}",
            "expected up to 128 of A-Z a-z 0-9 _ -, not digits alone",
        ),
    ),
    "AWS::Lambda::EventSourceMapping": (
        Whole("BatchSize", 1, 10_000),
        Whole("MaximumBatchingWindowInSeconds", 0, 300),
    ),
    "AWS::Lambda::Function": (
        Count("Architectures", 1),
        Name("Description", _DESCRIPTION, "expected at most 256 characters"),
        Whole("EphemeralStorage.Size", 512, 10_240),
        Name("FunctionName", r"[A-Za-z0-9_-]{1,64}", "expected up to 64 of A-Z a-z 0-9 _ -"),
        Name("Handler", r"\S{1,128}", "expected up to 128 characters without spaces"),
        Count("Layers", 5),
        Choice("LoggingConfig.LogFormat", ("Text", "JSON")),
        Whole("MemorySize", 128, 10_240),
        Choice("PackageType", ("Image", "Zip")),
        Whole("ReservedConcurrentExecutions", 0, 1_000_000),
        Choice("SnapStart.ApplyOn", ("PublishedVersions", "None")),
        Whole("Timeout", 1, 900),
        Choice("TracingConfig.Mode", ("Active", "PassThrough")),
    ),
    "AWS::Lambda::LayerVersion": (
        Name("LayerName", r"[A-Za-z0-9_-]{1,140}", "expected up to 140 of A-Z a-z 0-9 _ -"),
    ),
    "AWS::Scheduler::Schedule": (
        _EVENT_NAME,
        Name("GroupName", r"[.\-_A-Za-z0-9]{1,64}", "expected up to 64 of A-Z a-z 0-9 . _ -"),
        Choice("FlexibleTimeWindow.Mode", ("OFF", "FLEXIBLE")),
        Whole("FlexibleTimeWindow.MaximumWindowInMinutes", 1, 1440),
        Whole("Target.RetryPolicy.MaximumEventAgeInSeconds", 60, 86_400),
        Whole("Target.RetryPolicy.MaximumRetryAttempts", 0, 185),
    ),
    "AWS::Scheduler::ScheduleGroup": (_EVENT_NAME,),
}


def check_limits(resource_type: str, properties: Properties) -> None:
    """Raise `TemplateError` for the first property of a resource that is outside its limits."""
    for limit in LIMITS.get(resource_type, ()):
        *sections, name = limit.path.split(".")
        owner = properties
        for section in sections:
            owner = owner.section(section)
        limit.check(owner, name)


def event_pattern_problem(pattern: object) -> str | None:
    """Why EventBridge refuses an event pattern; None if it does not.

    Source: EventBridge user guide, "Creating event patterns".
    """
    if not isinstance(pattern, dict) or not pattern:
        return "the pattern is empty or is not an object"
    for key, value in pattern.items():
        if key == "$or":
            options = value if isinstance(value, list) else []
            problem = "$or takes a list of at least two patterns" if len(options) < 2 else None
            problem = problem or next(filter(None, map(event_pattern_problem, options)), None)
        elif isinstance(value, dict):
            problem = event_pattern_problem(value) if value else f"{key} is an empty object"
        elif isinstance(value, list):
            problem = next(filter(None, map(_matcher_problem, value)), None)
            problem = problem if value else f"{key} is an empty list"
        else:
            problem = f"{key} must be a list or an object: write [{value}]"
        if problem is not None:
            return problem
    return None


_MATCHERS = frozenset(
    [
        "prefix",
        "suffix",
        "wildcard",
        "anything-but",
        "numeric",
        "cidr",
        "exists",
        "equals-ignore-case",
    ]
)


def _matcher_problem(item: object) -> str | None:
    if isinstance(item, list):
        return "a list in a list of values"
    if isinstance(item, dict) and (len(item) != 1 or not _MATCHERS.issuperset(item)):
        return f"{', '.join(map(str, item)) or 'an empty object'} is not a comparison"
    return None
