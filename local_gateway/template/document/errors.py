"""What is wrong with a template, and where."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from local_gateway.errors import GatewayError


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position in a template; `line` counts from 1 and is None when it is not known."""

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


def did_you_mean(
    word: str, known: list[str] | tuple[str, ...] | frozenset[str], likeness: float = 0.6
) -> str:
    """`did you mean X?` for the nearest known word of some likeness (0 to 1), else nothing."""
    matches = get_close_matches(word, sorted(known), n=1, cutoff=likeness)
    return f"did you mean {matches[0]}?" if matches else ""
