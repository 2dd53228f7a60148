"""Every threat in the document names what is done about it and a test that exists."""

import re
from pathlib import Path

import pytest

from tests.contract.test_fidelity_table import TEST_ID, names_in

DOCUMENT = Path(__file__).parents[2] / "docs/security.md"
HEADER = "| Entry point | Threat | What is done | Test |\n|---|---|---|---|\n"


def rows() -> list[list[str]]:
    """The cells of the table of threats."""
    table = DOCUMENT.read_text(encoding="utf-8").split(HEADER)[1].split("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]


ROWS = rows()


def test_the_table_is_there() -> None:
    assert len(ROWS) > 15


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1][:40])
def test_a_threat_is_answered_and_tested(row: list[str]) -> None:
    assert len(row) == 4
    assert all(row)
    named = row[3].split("<br>")
    found = TEST_ID.findall(row[3])
    assert len(found) == len(named), f"expected `path::test_name`: {row[3]}"
    for path, name in found:
        assert name in names_in(path), f"{path} has no {name}"


def test_the_document_names_no_other_tests() -> None:
    named = re.findall(r"tests/[\w/]+\.py::\w+", DOCUMENT.read_text(encoding="utf-8"))
    assert len(named) == sum(len(TEST_ID.findall(row[3])) for row in ROWS)
