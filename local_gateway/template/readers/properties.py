"""Reads resolved properties as typed values; a missing or mistyped one is a `TemplateError`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local_gateway.template.document.errors import Place, TemplateError, did_you_mean
from local_gateway.template.document.source import Json, JsonObject, Source, scalar_text
from local_gateway.template.intrinsics.resolver import Resolver


@dataclass(frozen=True, slots=True)
class Properties:
    """An object inside a resource, resolved member by member when it is read."""

    source: Source
    logical_id: str
    values: Mapping[str, Json]
    resolver: Resolver
    path: tuple[str | int, ...] = ()

    def place(self, *path: str | int) -> Place:
        """The place of a member."""
        return self.source.resource_place(self.logical_id, *self.path, *path)

    def value(self, name: str) -> Json:
        """Any value, resolved; None when it is missing."""
        value = self.values.get(name)
        return None if value is None else self.resolver.resolve(value, self.place(name))

    def text(self, name: str) -> str:
        """A required text."""
        if (text := self.optional_text(name)) is None:
            raise TemplateError(self.place(), f"{name} is missing")
        return text

    def optional_text(self, name: str) -> str | None:
        """A text; a number or boolean counts as its text."""
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, (list, dict)):
            raise TemplateError(self.place(name), "expected text")
        return scalar_text(value)

    def choice(self, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """A text that is one of `allowed`."""
        text = self.optional_text(name) or default
        if text is None:
            raise TemplateError(self.place(), f"{name} is missing")
        if text not in allowed:
            remedy = did_you_mean(text, allowed) or f"allowed: {', '.join(allowed)}"
            raise TemplateError(self.place(name), f"{text} is not allowed", remedy)
        return text

    def integer(self, name: str) -> int | None:
        """A whole number, also written as text."""
        text = self.optional_text(name)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError:
            raise TemplateError(
                self.place(name), f"expected a whole number, found {text}"
            ) from None

    def integer_between(self, name: str, lowest: int, highest: int, default: int) -> int:
        """A whole number from `lowest` to `highest`, both included."""
        number = self.integer(name)
        if number is None:
            return default
        if not lowest <= number <= highest:
            expected = f"from {lowest} to {highest}" if highest > lowest else f"{lowest} only"
            raise TemplateError(
                self.place(name), f"expected a whole number {expected}, found {number}"
            )
        return number

    def number(self, name: str) -> float | None:
        """A number, also written as text."""
        text = self.optional_text(name)
        if text is None:
            return None
        try:
            return float(text)
        except ValueError:
            raise TemplateError(self.place(name), f"expected a number, found {text}") from None

    def flag(self, name: str) -> bool:
        """A boolean, also written as text; false when missing."""
        value = self.value(name)
        if value in (None, False, "false", "False"):
            return False
        if value in (True, "true", "True"):
            return True
        raise TemplateError(self.place(name), "expected true or false")

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        value = self.value(name)
        items = value if isinstance(value, list) else [] if value is None else [value]
        for item in items:
            if item is None or isinstance(item, (list, dict)):
                raise TemplateError(self.place(name), "expected a list of texts")
        return tuple(
            scalar_text(item) for item in items if isinstance(item, (str, bool, int, float))
        )

    def text_map(self, name: str) -> dict[str, str]:
        """An object whose values are texts; other scalars become their text."""
        section = self.section(name)
        return {key: section.text(key) for key in section.values}

    def section(self, name: str) -> "Properties":
        """An object below, empty when missing; an intrinsic in its place is resolved first."""
        value = self.value(name)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise TemplateError(self.place(name), "expected an object")
        return self.within(value, name)

    def sections(self, name: str) -> Iterator[tuple[str, "Properties"]]:
        """The objects in an object, by key."""
        section = self.section(name)
        for key in section.values:
            yield key, section.section(key)

    def objects(self, name: str) -> Iterator["Properties"]:
        """The objects of a list."""
        value = self.value(name)
        for at, item in enumerate(value if isinstance(value, list) else []):
            resolved = self.resolver.resolve(item, self.place(name, at))
            if not isinstance(resolved, dict):
                raise TemplateError(self.place(name, at), "expected an object")
            yield self.within(resolved, name, at)

    def within(self, values: JsonObject, *path: str | int) -> "Properties":
        """Properties further down, already at hand."""
        return Properties(self.source, self.logical_id, values, self.resolver, (*self.path, *path))

    def only(self, *names: str) -> None:
        """Refuse members of other names, so that a typo is not a silent default."""
        for name in self.values:
            if name not in names:
                remedy = did_you_mean(name, names) or f"expected one of {', '.join(names)}"
                raise TemplateError(self.place(name), "unknown property", remedy)
