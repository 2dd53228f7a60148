"""Every row of the fidelity table names what proves it."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "local-gateway.md"
STATUSES = {"emulated", "approximated", "absent"}
HEADER = ("Behaviour", "Status", "Source", "Test")
TEST_ID = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table and the line it is on."""

    line: int
    behaviour: str
    status: str
    source: str
    tests: str

    @property
    def test_ids(self) -> list[tuple[str, str]]:
        """File and name of each test."""
        return TEST_ID.findall(self.tests)

    @property
    def test_count(self) -> int:
        """How many tests the cell speaks of, whether or not they are spelled well."""
        return len([part for part in self.tests.split("<br>") if part.strip()])


def rows() -> list[Row]:
    """The rows of all tables that have the fidelity table's header."""
    found: list[Row] = []
    inside = False
    for number, line in enumerate(DOCUMENT.read_text(encoding="utf-8").splitlines(), 1):
        cells = tuple(
            cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]
        )
        if cells == HEADER:
            inside = True
        elif inside and cells and not set(line) <= set("|-: "):
            assert len(cells) == len(HEADER), f"line {number}: {len(cells)} cells"
            found.append(Row(number, *cells))
        elif not cells:
            inside = False
    return found


ROWS = rows()


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the test functions in a file; none if there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def test_the_table_is_there() -> None:
    assert len(ROWS) > 100
    assert {row.status for row in ROWS} == STATUSES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"line {row.line}")
def test_a_row_is_complete(row: Row) -> None:
    assert row.behaviour
    assert row.status in STATUSES
    assert row.source


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"line {row.line}")
def test_a_row_names_tests_that_exist(row: Row) -> None:
    assert len(row.test_ids) == row.test_count, f"expected `path::test_name`: {row.tests}"
    for path, name in row.test_ids:
        assert name in names_in(path), f"{path} has no {name}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"line {row.line}")
def test_what_is_emulated_is_tested(row: Row) -> None:
    assert row.test_ids or row.status == "absent"


def test_behaviours_are_named_once() -> None:
    behaviours = [row.behaviour for row in ROWS]
    assert sorted(behaviours) == sorted(set(behaviours))
