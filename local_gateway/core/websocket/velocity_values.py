"""The values of mapping templates: JSON with the methods that Java's classes have.

A template is Java's Velocity language, so its authors call `size()`, `keySet()` or
`replaceAll(…)`. What is not there has no text and no members, as in API Gateway.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, override

type Method = Callable[..., Any]

# Source: quotas of REST APIs, api-gateway-execution-service-limits-table.
MOST_ROUNDS = 1000


class VelocityError(Exception):
    """A template cannot be rendered; the text says why."""


class Missing:
    """What is not there, or null: empty text, false, and all its members are missing, too."""

    def __getitem__(self, _: object) -> "Missing":
        return self

    def __call__(self, *_: object) -> "Missing":
        return self

    def __bool__(self) -> bool:
        return False

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    @override
    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Missing)

    @override
    def __hash__(self) -> int:
        return hash(None)

    @override
    def __str__(self) -> str:
        return ""


class _NoMethod(Missing):
    """A name that a text or a list does not have: missing as a member, an error as a method."""

    def __init__(self, kind: str, name: str) -> None:
        self._text = f"{kind} has no method {name}() here"

    @override
    def __call__(self, *_: object) -> Missing:
        raise VelocityError(self._text)


MISSING = Missing()


class Truth:
    """A boolean, written as Java writes it."""

    def __init__(self, value: bool) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self.value

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, (bool, Truth)) and bool(other) is self.value

    @override
    def __hash__(self) -> int:
        return hash(self.value)

    @override
    def __str__(self) -> str:
        return "true" if self.value else "false"


class Text:
    """A string with the methods of `java.lang.String`."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __getitem__(self, name: object) -> Any:
        method = _TEXT_METHODS.get(name) if isinstance(name, str) else None
        if method is None:
            return _NoMethod("a string", str(name))
        return lambda *arguments: velocity_value(
            _called(method, str(name), self.value, *map(json_value, arguments))
        )

    def __iter__(self) -> Iterator[Any]:
        return iter(())  # a loop over a string has no rounds

    def __len__(self) -> int:
        return len(self.value)

    def __add__(self, other: object) -> "Text":
        return Text(self.value + str(other))

    def __radd__(self, other: object) -> "Text":
        return Text(str(other) + self.value)

    def __lt__(self, other: object) -> bool:
        return self.value < str(other)

    def __gt__(self, other: object) -> bool:
        return self.value > str(other)

    def __le__(self, other: object) -> bool:
        return self.value <= str(other)

    def __ge__(self, other: object) -> bool:
        return self.value >= str(other)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, (str, Text)) and str(other) == self.value

    @override
    def __hash__(self) -> int:
        return hash(self.value)

    @override
    def __str__(self) -> str:
        return self.value


class Items:
    """A list; one that comes from JSON is written as JSON, one of a template as Java writes it."""

    def __init__(self, values: list[Any], *, is_json: bool) -> None:
        self.values = values
        self.is_json = is_json

    def __getitem__(self, index: object) -> Any:
        if isinstance(index, int) and not isinstance(index, bool):
            inside = -len(self.values) <= index < len(self.values)
            return velocity_value(self.values[index]) if inside else MISSING
        method = _LIST_METHODS.get(str(index))
        if method is None:
            return _NoMethod("a list", str(index))
        return lambda *arguments: velocity_value(
            _called(method, str(index), self.values, *map(json_value, arguments))
        )

    def __setitem__(self, index: int, value: object) -> None:
        self.values[index] = json_value(value)

    def __iter__(self) -> Iterator[Any]:
        return map(velocity_value, _loop(self.values))

    def __len__(self) -> int:
        return len(self.values)

    @override
    def __eq__(self, other: object) -> bool:
        return bool(json_value(other) == self.values)

    __hash__ = None  # type: ignore[assignment]

    @override
    def __str__(self) -> str:
        if self.is_json:
            return json.dumps(self.values, separators=(",", ":"), ensure_ascii=False)
        return f"[{', '.join(map(java_text, self.values))}]"


class Members:
    """An object: its members are read like properties, and a loop goes over its values."""

    def __init__(self, values: dict[str, Any], *, is_json: bool) -> None:
        self.values = values
        self.is_json = is_json

    def __getitem__(self, name: object) -> Any:
        if str(name) in self.values:
            return velocity_value(self.values[str(name)])
        method = _MAP_METHODS.get(str(name))
        if method is None:
            return MISSING
        return lambda *arguments: velocity_value(
            _called(method, str(name), self.values, *map(json_value, arguments))
        )

    def __setitem__(self, name: object, value: object) -> None:
        self.values[str(name)] = json_value(value)

    def __iter__(self) -> Iterator[Any]:
        return map(velocity_value, _loop(list(self.values.values())))

    def __len__(self) -> int:
        return len(self.values)

    @override
    def __eq__(self, other: object) -> bool:
        return bool(json_value(other) == self.values)

    __hash__ = None  # type: ignore[assignment]

    @override
    def __str__(self) -> str:
        return java_text(self.values)


def _loop(values: list[Any]) -> list[Any]:
    """The values that a `#foreach` goes over, if they are not too many."""
    if len(values) > MOST_ROUNDS:
        raise VelocityError(f"a loop over {len(values)} values; AWS allows {MOST_ROUNDS}")
    return values


def whole_characters(text: str) -> str:
    """A text that can be sent: JSON may hold halves of characters, which Java sends as `?`."""
    return text.encode(errors="replace").decode()


def velocity_value(value: Any, *, is_json: bool = True) -> Any:
    """A value of JSON, or of Python, as templates see it."""
    match value:
        case None:
            return MISSING
        case bool():
            return Truth(value)
        case str():
            return Text(value)
        case list():
            return Items(value, is_json=is_json)
        case dict():
            return Members(value, is_json=is_json)
    return value


def json_value(value: Any) -> Any:
    """A template's value as one of JSON."""
    match value:
        case Missing():
            return None
        case Truth() | Text():
            return value.value
        case Items() | Members():
            return value.values
        case list():
            return [json_value(item) for item in value]
        case dict():
            return {str(name): json_value(item) for name, item in value.items()}
    return value


def java_text(value: Any) -> str:
    """A value of JSON as Java writes it: `{a=1, b=[{"c":5}]}`, and null for None."""
    match value:
        case None:
            return "null"
        case dict():
            return f"{{{', '.join(f'{name}={java_text(item)}' for name, item in value.items())}}}"
    return str(velocity_value(value))


def _called(method: Method, name: str, *arguments: Any) -> Any:
    """The result of a method; `VelocityError` for arguments that it cannot take."""
    try:
        return method(*arguments)
    except VelocityError:
        raise
    except Exception as error:
        raise VelocityError(f"{name}(): {error}") from error


def _java_pattern(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise VelocityError(f"the pattern {pattern} is not served: {error}") from None


def _java_replacement(text: str) -> str:
    """`$1` is a group in Java, and a backslash takes the next character as it is."""

    def part(match: re.Match[str]) -> str:
        escaped, group = match.groups()
        if group is not None:
            return f"\\g<{group}>"
        return "\\\\" if escaped == "\\" else escaped

    return re.sub(r"\\(.)|\$(\d)", part, text, flags=re.DOTALL)


def _split(text: str, pattern: str, limit: int = 0) -> list[str]:
    """Empty strings at the end are dropped, as Java does without a limit."""
    parts = _java_pattern(pattern).split(text, max(limit - 1, 0))
    if parts and parts[0] == "" and len(parts) > 1 and pattern == "":
        parts = parts[1:]
    if limit == 0:
        while len(parts) > 1 and parts[-1] == "":
            parts.pop()
    return [part for part in parts if part is not None]


def _substring(text: str, begin: int, end: int | None = None) -> str:
    last = len(text) if end is None else end
    if not 0 <= begin <= last <= len(text):
        raise VelocityError(f"substring({begin}, {last}) is outside of {len(text)} characters")
    return text[begin:last]


_TEXT_METHODS: Mapping[str, Method] = {
    "charAt": lambda text, index: text[index],
    "concat": lambda text, other: text + other,
    "contains": lambda text, part: part in text,
    "endsWith": lambda text, part: text.endswith(part),
    "equals": lambda text, other: text == other,
    "equalsIgnoreCase": lambda text, other: text.lower() == str(other).lower(),
    "indexOf": lambda text, part, begin=0: text.find(part, begin),
    "isEmpty": lambda text: not text,
    "lastIndexOf": lambda text, part: text.rfind(part),
    "length": len,
    "matches": lambda text, pattern: _java_pattern(pattern).fullmatch(text) is not None,
    "replace": lambda text, old, new: text.replace(old, new),
    "replaceAll": lambda text, pattern, new: _java_pattern(pattern).sub(
        _java_replacement(new), text
    ),
    "replaceFirst": lambda text, pattern, new: _java_pattern(pattern).sub(
        _java_replacement(new), text, count=1
    ),
    "split": _split,
    "startsWith": lambda text, part: text.startswith(part),
    "substring": _substring,
    "toLowerCase": lambda text: text.lower(),
    "toString": lambda text: text,
    "toUpperCase": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
}


def _item(values: list[Any], index: int) -> Any:
    if not 0 <= index < len(values):
        raise VelocityError(f"index {index} is outside of {len(values)} items")
    return values[index]


def _add(values: list[Any], *arguments: Any) -> bool:
    values.insert(arguments[0] if len(arguments) > 1 else len(values), arguments[-1])
    return True


def _add_all(values: list[Any], others: list[Any]) -> bool:
    values.extend(others)
    return bool(others)


def _set(values: list[Any], index: int, value: Any) -> Any:
    before = _item(values, index)
    values[index] = value
    return before


def _remove(values: list[Any], what: Any) -> Any:
    if isinstance(what, int) and not isinstance(what, bool):
        _item(values, what)
        return values.pop(what)
    if what not in values:
        return False
    values.remove(what)
    return True


_LIST_METHODS: Mapping[str, Method] = {
    "add": _add,
    "addAll": _add_all,
    "contains": lambda values, value: value in values,
    "get": _item,
    "indexOf": lambda values, value: values.index(value) if value in values else -1,
    "isEmpty": lambda values: not values,
    "remove": _remove,
    "set": _set,
    "size": len,
    "toString": lambda values: str(velocity_value(values)),
}


def _put(values: dict[str, Any], name: Any, value: Any) -> Any:
    before = values.get(str(name))
    values[str(name)] = value
    return before


def _entries(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": value} for name, value in values.items()]


_MAP_METHODS: Mapping[str, Method] = {
    "containsKey": lambda values, name: str(name) in values,
    "containsValue": lambda values, value: value in values.values(),
    "entrySet": _entries,
    "get": lambda values, name: values.get(str(name)),
    "getKey": lambda entry: entry.get("key"),
    "getOrDefault": lambda values, name, other: values.get(str(name), other),
    "getValue": lambda entry: entry.get("value"),
    "isEmpty": lambda values: not values,
    "keySet": list,
    "put": _put,
    "putAll": lambda values, others: values.update(others),
    "remove": lambda values, name: values.pop(str(name), None),
    "size": len,
    "toString": java_text,
    "values": lambda values: list(values.values()),
}
