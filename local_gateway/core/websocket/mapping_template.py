"""Mapping templates: Velocity with API Gateway's `$input`, `$context`, `$util`, `$stageVariables`.

Sources: developer guide, apigateway-websocket-api-mapping-template-reference and
api-gateway-mapping-template-reference. The language itself is airspeed's, which is imported for a
template that uses it. What it cannot do is an error with the name of what is missing.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, override
from urllib.parse import quote_plus, unquote_plus

from local_gateway.core.json_path import ABSENT, JsonPath
from local_gateway.core.websocket.velocity_values import (
    MISSING,
    Members,
    VelocityError,
    json_value,
    velocity_value,
    whole_characters,
)

type Parameters = Mapping[str, Mapping[str, str]]

EMPTY_BODY = "{}"  # what `$input` shows of a request without a body

_USES_VELOCITY = re.compile(r"[$#]")
# What Velocity has and airspeed prints as text, or reads from files.
_NOT_SERVED = re.compile(r"#(?:\{?(?:break|include|parse)\b|\[\[|@\w+)")
_PATH = re.compile(r"\$!?\{?input\.(?:path|json)\(\s*(['\"])(.*?)\1\s*\)")


class BodyError(VelocityError):
    """The template reads the body as JSON, which it is not."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What a template can read. `overrides` is what it may set: `$context.requestOverride`."""

    body: str
    context: Mapping[str, Any]
    stage_variables: Mapping[str, str]
    parameters: Parameters = field(default_factory=dict)
    overrides: dict[str, Any] = field(
        default_factory=lambda: {"header": {}, "path": {}, "querystring": {}}
    )


def check(template: str) -> None:
    """Raise `ValueError` for a template that cannot be rendered, whatever the request is."""
    if not _USES_VELOCITY.search(template):
        return
    if (unserved := _NOT_SERVED.search(template)) is not None:
        raise ValueError(f"{unserved[0]} is not served in mapping templates")
    for _, path in _PATH.findall(template):
        if "$" not in path[1:]:  # else a variable is part of it
            JsonPath.parse(path)
    airspeed = _airspeed()
    try:
        _compiled(template)
    except airspeed.TemplateError as error:
        raise ValueError(_one_line(error)) from None


def render(template: str, variables: Variables) -> str:
    """The text of a template; raises `VelocityError`."""
    if not _USES_VELOCITY.search(template):
        return template
    airspeed = _airspeed()
    values = {
        "input": _Input(variables),
        "util": _UTIL,
        "context": Members(
            {**variables.context, "requestOverride": variables.overrides}, is_json=True
        ),
        "stageVariables": Members(dict(variables.stage_variables), is_json=True),
    }
    try:
        text: str = _compiled(template).merge(_namespace_type()(values))
    except airspeed.TemplateExecutionError as error:
        raise _cause(error) from error
    except (airspeed.TemplateError, RecursionError) as error:
        raise VelocityError(_one_line(error)) from error
    return whole_characters(text)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).removesuffix(", got: ...")


def _cause(error: BaseException) -> VelocityError:
    """The error itself, of those that airspeed wraps around it."""
    inner = error
    while inner.__cause__ is not None:
        inner = inner.__cause__
    if isinstance(inner, VelocityError):
        return inner
    return VelocityError(f"{type(inner).__name__}: {inner}")


@cache
def _airspeed() -> Any:
    import airspeed  # takes as long as the rest of the template, which most templates do not need

    # Names may have hyphens, as in `$context.requestOverride.header.X-Amz-Target`.
    name = r"[a-z_][\w-]*"
    airspeed.NameOrCall.NAME = re.compile(f"({name})", re.IGNORECASE)
    airspeed.SetDirective.PLACE = re.compile(rf"\s*\$({name}(?:\.{name})*)", re.IGNORECASE)
    # Velocity has no escapes in strings, except a doubled quote between double quotes: `"\\'"` has
    # three characters.
    airspeed.StringLiteral.STRING = re.compile(r"'([^']*)'")
    airspeed.StringLiteral.ESCAPED_CHAR = re.compile(r"(?!)")
    airspeed.InterpolatedStringLiteral.STRING = re.compile(r'"((?:[^"]|"")*)"')
    airspeed.InterpolatedStringLiteral.ESCAPED_CHAR = re.compile(r'"(")')
    return airspeed


@lru_cache(maxsize=512)
def _compiled(template: str) -> Any:
    compiled = _airspeed().Template(template)
    compiled.ensure_compiled()
    return compiled


@cache
def _namespace_type() -> Any:
    base: Any = _airspeed().LocalNamespace

    class Namespace(base):  # type: ignore[misc]
        """The variables of a template: `#set` in a loop is seen after the loop, as in Velocity."""

        def __init__(self, values: Mapping[str, Any]) -> None:
            super().__init__({})
            for name, value in values.items():
                self[name] = value

        @override
        def __getitem__(self, name: str) -> Any:
            if name.startswith("#"):  # the name of a macro
                return super().__getitem__(name)
            return self.get(name, MISSING)

        @override
        def __setitem__(self, name: str, value: Any) -> None:
            super().__setitem__(name, _assigned(value))

        def find_outermost(self, _: str) -> Any:
            return self

    return Namespace


def _assigned(value: Any) -> Any:
    """What `#set` makes of a value: literals of the template become values of ours."""
    if isinstance(value, (list, dict)):
        return velocity_value(json_value(value), is_json=False)
    return velocity_value(value)


class _Input:
    """`$input`: the body of a request or a response, and the parameters of the handshake."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> Any:
        match name:
            case "body":
                return velocity_value(self._variables.body or EMPTY_BODY)
            case "path":
                return lambda path: velocity_value(_none_for_absent(self._at(path)))
            case "json":
                return lambda path: velocity_value(_json(self._at(path)))
            case "params":
                return self._params
        return MISSING

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def _at(self, path: object) -> Any:
        body = self._variables.body or EMPTY_BODY
        try:
            root = json.loads(body)
        except (ValueError, RecursionError):
            raise BodyError("the template reads the body as JSON, which it is not") from None
        try:
            return JsonPath.parse(str(path)).value_in(root)
        except ValueError as error:
            raise VelocityError(str(error)) from None

    def _params(self, name: object = None) -> Any:
        parameters = self._variables.parameters
        if name is None:
            kinds = ("path", "querystring", "header")
            return velocity_value({kind: dict(parameters.get(kind, {})) for kind in kinds})
        for kind in ("path", "querystring", "header"):
            if (value := parameters.get(kind, {}).get(str(name))) is not None:
                return velocity_value(value)
        return velocity_value("")


def _none_for_absent(value: Any) -> Any:
    return None if value is ABSENT else value


def _json(value: Any) -> str:
    """A value as JSON; an empty string, as JSON, for what is not there."""
    value = "" if value is ABSENT else value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# As Apache's StringEscapeUtils, which API Gateway's function behaves like.
_ESCAPES = {"'": "\\'", '"': '\\"', "\\": "\\\\", "/": "\\/"} | {
    character: json.dumps(character)[1:-1] for character in "\b\t\n\f\r"
}


def escape_javascript(text: str) -> str:
    """`$util.escapeJavaScript`: JSON's escapes, and single quotes, which JSON does not know."""
    return "".join(
        _ESCAPES.get(character)
        or (character if " " <= character <= "~" else json.dumps(character)[1:-1])
        for character in text
    )


def _base64_decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except binascii.Error as error:
        raise VelocityError(f"base64Decode(): {error}") from None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise VelocityError(f"parseJson(): {error}") from None


# Java's URLEncoder keeps `*` and encodes `~`.
_UTIL_FUNCTIONS: Mapping[str, Callable[[str], Any]] = {
    "escapeJavaScript": escape_javascript,
    "parseJson": _parsed,
    "urlEncode": lambda text: quote_plus(text, safe="*", errors="replace").replace("~", "%7E"),
    "urlDecode": unquote_plus,
    "base64Encode": lambda text: base64.b64encode(text.encode(errors="replace")).decode(),
    "base64Decode": _base64_decoded,
}


class _Util:
    """`$util`: functions on texts; anything else counts as its text."""

    def __getitem__(self, name: str) -> Any:
        function = _UTIL_FUNCTIONS.get(name)
        if function is None:
            raise VelocityError(f"$util has no function {name} in API Gateway")
        return lambda value: velocity_value(function(str(velocity_value(json_value(value)))))

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0


_UTIL = _Util()
