"""Selection of the route that a message runs.

Sources: developer guide, websocket-api-develop-routes and
apigateway-websocket-api-selection-expressions. The expression is read once and evaluated for each
message in a single pass; a variable that is not found is the empty string.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Self

from local_gateway.core.model import WebSocketApi, WebSocketRoute

DEFAULT = "$default"

type Step = str | int
type Part = str | tuple[Step, ...]

_LITERAL = re.compile(r"(?:[^$\\]|\\(?!\$))+")
_BARE_VARIABLE = re.compile(r"\$request\.body((?:\.[\w-]+|\[[^\]]*\])*)")
_BRACED_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_BODY = "request.body"
_STEP = re.compile(r"\.([^.\[\]'\"\s]+)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
_ABSENT = object()
# Numbers keep the text they were sent as, because a route key is text.
_JSON = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str)
# A string, which may hold anything, or a key without quotes.
_STRING_OR_BARE_KEY = re.compile(
    r'"(?:[^"\\]|\\.)*+"?|(?<=[{,\s])[^\W\d][\w$-]*+(?=\s*:)', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class RouteSelection:
    """A selection expression, ready to be evaluated: literal texts and paths into the body."""

    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, expression: str) -> Self:
        """Read an expression; `ValueError` says what is wrong with it and where.

        Forms: `$request.body.path`, `${request.body.path}` (several, mixed with literal text), a
        static value, and `\\$` for a literal dollar sign. Paths have names and indexes.
        """
        if expression == "$default":  # what most templates write for the escaped form
            return cls((expression,))
        parts: list[Part] = []
        at = 0
        while at < len(expression):
            part, at = _part(expression, at)
            parts.append(part)
        if not parts:
            raise ValueError("a selection expression must not be empty")
        return cls(tuple(parts))

    def select(self, body: str) -> str | None:
        """The route key that a message's body spells, perhaps empty.

        `None` means that nothing can be selected, so that `$default` runs: the body is no JSON
        even with its keys quoted, or is a scalar or an array where the expression asks for members.
        """
        try:
            root = read_json(body)
            if not isinstance(root, dict) and not self._reads(root):
                return None
            texts = [p if isinstance(p, str) else _text(_value_at(root, p)) for p in self.parts]
            return "".join(texts)
        except (ValueError, RecursionError):
            return None

    def _reads(self, root: object) -> bool:
        """Whether the expression asks for nothing that only an object has."""
        paths = [part for part in self.parts if not isinstance(part, str)]
        indexable = isinstance(root, list)
        return not paths or any(
            not path or (indexable and isinstance(path[0], int)) for path in paths
        )


def read_json(text: str) -> Any:
    """The value of a JSON text whose keys may lack their quotes; raises `ValueError`.

    AWS was seen to route `{"action":"sendMessage", body:"hello"}`.
    """
    try:
        return _JSON.decode(text)
    except ValueError:
        return _JSON.decode(_STRING_OR_BARE_KEY.sub(_quoted, text))


def _quoted(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith('"') else f'"{match[0]}"'


def choose_route(api: WebSocketApi, selection: RouteSelection, body: str) -> WebSocketRoute | None:
    """The route that runs for `body`; `None` means a `Forbidden` frame.

    Matching is exact. Keys that begin with `$` cannot be selected by content: `$connect` in a
    message leads to `$default`.
    """
    key = selection.select(body)
    if key is not None and not key.startswith("$") and key in api.routes:
        return api.routes[key]
    return api.routes.get(DEFAULT)


def _part(expression: str, at: int) -> tuple[Part, int]:
    """The part that begins at `at`, and where the next one begins."""
    if expression.startswith("\\$", at):
        return "$", at + 2
    if literal := _LITERAL.match(expression, at):
        return literal[0], literal.end()
    if braced := _BRACED_VARIABLE.match(expression, at):
        inner = braced[1].strip()
        if not inner.startswith(_BODY):
            raise ValueError(f"expected ${{{_BODY}.name}} at character {at}, got {braced[0]}")
        return _path(inner.removeprefix(_BODY), expression), braced.end()
    if bare := _BARE_VARIABLE.match(expression, at):
        return _path(bare[1], expression), bare.end()
    raise ValueError(
        f"expected $request.body.name, ${{request.body.name}} or \\$ at character {at} "
        f"of {expression!r}"
    )


def _path(text: str, expression: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    at = 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise ValueError(
                f"expected .name, [index] or ['name'] in place of {text[at:]!r} in {expression!r}"
            )
        name, index, single, double = step.groups()
        steps.append(int(index) if index else name or single or double or "")
        at = step.end()
    return tuple(steps)


def _value_at(root: object, path: tuple[Step, ...]) -> object:
    """The value at `path`, or a marker that is no JSON value."""
    value = root
    for step in path:
        match value, step:
            case dict(), str() if step in value:
                value = value[step]
            case list(), int() if step < len(value):
                value = value[step]
            case _:
                return _ABSENT
    return value


def _text(value: Any) -> str:
    """A value as it appears in a route key: strings bare, arrays as `[item1, item2]`."""
    if isinstance(value, str):
        return value
    if value is _ABSENT or value is None:
        return ""
    if isinstance(value, list):
        return f"[{', '.join('null' if item is None else _text(item) for item in value)}]"
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
