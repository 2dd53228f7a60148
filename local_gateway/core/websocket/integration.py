"""The integrations of a WebSocket API: what answers a route, and how messages are mapped to it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

DEFAULT = "$default"

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")

# How a header, a query parameter or a part of the path is called in parameter mappings.
type Location = str


def stage_variables_of(uri: str) -> list[str]:
    """The names of the stage variables in an integration URI."""
    return _STAGE_VARIABLE.findall(uri)


def with_stage_variables(uri: str, variables: Mapping[str, str]) -> str:
    """A URI with the values of its stage variables; what a stage does not have is empty."""
    return _STAGE_VARIABLE.sub(lambda match: variables.get(match[1], ""), uri)


@dataclass(frozen=True, slots=True)
class LambdaProxy:
    """`AWS_PROXY`: a function gets the event, and what it returns is the response."""

    function: str


@dataclass(frozen=True, slots=True)
class Mock:
    """`MOCK`: the mapped request says the status of the response, and nothing is called."""


@dataclass(frozen=True, slots=True)
class HttpEndpoint:
    """`HTTP`, or `HTTP_PROXY`, which gets the request without templates."""

    method: str
    uri: str
    is_proxy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsService:
    """`AWS`: an action of a service, or a path of it."""

    service: str
    region: str
    method: str
    action: str | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class CustomLambda:
    """`AWS` with a function, which gets the mapped body and no event of API Gateway."""

    function: str


type Backend = Mock | HttpEndpoint | AwsService | CustomLambda


class Passthrough(StrEnum):
    """`PassthroughBehavior`: what becomes of a body that no template is for."""

    WHEN_NO_MATCH = "WHEN_NO_MATCH"
    WHEN_NO_TEMPLATES = "WHEN_NO_TEMPLATES"
    NEVER = "NEVER"


@dataclass(frozen=True, slots=True)
class SelectionExpression:
    """An expression that selects a key: texts, and variables with a dot before their names."""

    parts: tuple[str, ...]

    _TOKEN = re.compile(
        r"\\(?P<escaped>\$)|\$\{(?P<braced>[^}]*)\}"
        r"|\$(?P<bare>(?:request|integration|context|stageVariables)[\w.\[\]'\"-]*)"
    )

    @classmethod
    def parse(cls, expression: str, allowed: tuple[str, ...]) -> Self:
        """Read an expression; `ValueError` for a variable that begins with nothing allowed."""
        parts: list[str] = []
        at = 0
        for token in cls._TOKEN.finditer(expression):
            parts.append(f"={expression[at : token.start()]}{token['escaped'] or ''}")
            at = token.end()
            name = token["braced"] if token["braced"] is not None else token["bare"]
            if name is None:
                continue
            if not name.startswith(allowed):
                expected = ", ".join(f"${{{beginning}…}}" for beginning in allowed)
                raise ValueError(f"${{{name}}} is no variable here; expected {expected}")
            parts.append(f".{name}")
        parts.append(f"={expression[at:]}")
        return cls(tuple(part for part in parts if part != "="))

    def evaluate(self, value_of: Callable[[str], str]) -> str:
        """The key; `value_of` is asked for each variable."""
        return "".join(value_of(part[1:]) if part[0] == "." else part[1:] for part in self.parts)


@dataclass(frozen=True, slots=True)
class ParameterMapping:
    """`integration.request.{location}.{name}`, or a response's header, and where it comes from."""

    location: Location
    name: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationResponse:
    """What a response becomes whose status, or error message, `key` fits: `$default` or `/…/`."""

    key: str
    templates: Mapping[str, str] = field(default_factory=dict)
    template_selection: SelectionExpression | None = None
    parameters: tuple[ParameterMapping, ...] = ()
    converts_to_text: bool = False

    def fits(self, text: str) -> bool:
        """Whether the whole of `text` matches; the key `$default` fits nothing by itself."""
        return self.key != DEFAULT and re.fullmatch(self.key[1:-1], text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedIntegration:
    """Every integration but `AWS_PROXY`; `name` is what records call it."""

    name: str
    backend: Backend
    templates: Mapping[str, str] = field(default_factory=dict)
    template_selection: SelectionExpression | None = None
    passthrough: Passthrough = Passthrough.WHEN_NO_MATCH
    parameters: tuple[ParameterMapping, ...] = ()
    converts_to_binary: bool = False
    responses: tuple[IntegrationResponse, ...] = ()


type Integration = LambdaProxy | MappedIntegration
