"""All problems of a template, so that a person can solve them before the next start."""

from collections.abc import Iterable, Iterator
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


class NotServedError(TemplateError):
    """Something that the gateway does not serve; it can serve the rest of the template."""


class NothingServedError(TemplateErrors):
    """Nothing is left of a template without what is not served."""


class Problems:
    """Collects problems; a consequence counts only if there is no other problem.

    What is not served is no problem as long as something else is: it becomes a warning.
    """

    def __init__(self) -> None:
        self._errors: dict[str, TemplateError] = {}
        self._consequences: dict[str, TemplateError] = {}
        self._not_served: dict[str, NotServedError] = {}

    @property
    def places(self) -> list[Place]:
        """Where the problems are."""
        return [error.place for error in (self._errors | self._consequences).values()]

    @property
    def errors(self) -> list[TemplateError]:
        """The problems in the order of their lines."""
        errors = self._errors
        if not errors and not self._not_served:
            errors = self._consequences
        return _by_line(errors.values())

    @property
    def not_served(self) -> list[NotServedError]:
        """What is not served, in the order of the lines."""
        return _by_line(self._not_served.values())

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
            if isinstance(item, NotServedError):
                self._not_served.setdefault(str(item), item)
                continue
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
        errors = self.errors
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise TemplateErrors(errors)

    def raise_not_served(self) -> None:
        """Raise what is not served, if there is anything: nothing else is left."""
        if errors := self.not_served:
            raise NothingServedError([*errors])


def _by_line[Error: TemplateError](errors: Iterable[Error]) -> list[Error]:
    return sorted(errors, key=lambda item: (str(item.place.file), item.place.line or 0))
