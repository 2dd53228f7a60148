"""Errors in a template, with their place."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from local_gateway.errors import GatewayError


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position in a template; `line` counts from 1 and is None when no line can be named."""

    file: Path
    line: int | None = None
    resource: str | None = None
    property: str | None = None

    def __str__(self) -> str:
        position = f"{self.file}:{self.line}" if self.line else str(self.file)
        parts = [position, self.resource, self.property]
        return ": ".join(part for part in parts if part)


class TemplateError(GatewayError):
    """A template that cannot be served; the text is one line: place, cause, remedy."""

    def __init__(self, place: Place, cause: str, remedy: str = "") -> None:
        self.place = place
        self.cause = " ".join(cause.split())
        self.remedy = remedy
        text = f"{place}: {self.cause.rstrip('.')}"
        super().__init__(f"{text}; {remedy}" if remedy else text)


def did_you_mean(word: str, words: Collection[str], likeness: float = 0.6) -> str:
    """`did you mean X?` for the word most like `word`, from a likeness (0 to 1) on; else empty."""
    matches = get_close_matches(word, sorted(words), n=1, cutoff=likeness)
    return f"did you mean {matches[0]}?" if matches else ""
