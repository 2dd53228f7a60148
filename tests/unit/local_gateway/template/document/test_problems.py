"""Problems are collected, and raised together."""

from pathlib import Path

import pytest

from local_gateway.template.document.errors import Place, TemplateError
from local_gateway.template.document.problems import ConsequenceError, Problems, TemplateErrors


def error(line: int, cause: str = "wrong") -> TemplateError:
    return TemplateError(Place(file=Path("t.yaml"), line=line, resource=f"R{line}"), cause)


def test_nothing_is_raised_without_a_problem() -> None:
    Problems().raise_if_any()


def test_a_single_problem_is_raised_as_it_is() -> None:
    problems, only = Problems(), error(1)
    for _ in range(2):
        with problems.collect():
            raise only
    with pytest.raises(TemplateError) as raised:
        problems.raise_if_any()
    assert raised.value is only


def test_several_problems_are_in_the_order_of_their_lines() -> None:
    problems = Problems()
    problems.add(error(3))
    problems.add(TemplateErrors([error(1), error(2)]))
    with pytest.raises(TemplateErrors) as raised:
        problems.raise_if_any()
    assert str(raised.value).splitlines() == [
        f"t.yaml:{line}: R{line}: wrong" for line in (1, 2, 3)
    ]
    assert problems.resources == {"R1", "R2", "R3"}


def test_a_consequence_counts_only_without_another_problem() -> None:
    problems = Problems()
    problems.add(ConsequenceError(error(1).place, "because of another"))
    with pytest.raises(ConsequenceError):
        problems.raise_if_any()
    problems.add(error(2))
    with pytest.raises(TemplateError, match=r"t\.yaml:2: R2: wrong"):
        problems.raise_if_any()
