"""All problems of a template, so that a person can solve them before the next start."""

from collections.abc import Iterator
from contextlib import contextmanager

from local_gateway.template.document.errors import Place, TemplateError


class TemplateErrors(TemplateError):
    """Several problems of a template; the text has a line for each."""

    def __init__(self, errors: list[TemplateError]) -> None:
        super().__init__(errors[0].place, errors[0].cause, errors[0].remedy)
        self.errors = errors
        self.args = ("\n".join(map(str, errors)),)


class ConsequenceError(TemplateError):
    """What would probably be right if another problem were solved."""


class Problems:
    """Collects problems; a consequence counts only if there is no other problem."""

    def __init__(self) -> None:
        self._errors: dict[str, TemplateError] = {}
        self._consequences: dict[str, TemplateError] = {}

    @property
    def places(self) -> list[Place]:
        """Where the problems are."""
        return [error.place for error in (self._errors | self._consequences).values()]

    @property
    def first(self) -> TemplateError | None:
        """The first problem."""
        return next(iter(self._errors.values()), None)

    @property
    def resources(self) -> frozenset[str]:
        """The logical ids of the resources that have a problem, as they are written."""
        return frozenset(place.resource for place in self.places if place.resource)

    def add(self, error: TemplateError) -> None:
        """Add a problem, once."""
        for item in error.errors if isinstance(error, TemplateErrors) else [error]:
            is_consequence = isinstance(item, ConsequenceError)
            kind = self._consequences if is_consequence else self._errors
            kind.setdefault(str(item), item)

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Add the error that ends the block, and go on behind it."""
        try:
            yield
        except TemplateError as error:
            self.add(error)

    def raise_if_any(self) -> None:
        """Raise the problem, or all of them in the order of their lines."""
        errors = sorted(
            (self._errors or self._consequences).values(),
            key=lambda item: (str(item.place.file), item.place.line or 0),
        )
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise TemplateErrors(errors)
