"""`docs/scale.md` says what its formulae give."""

from pathlib import Path

from tools.cost.scale import MEASURED_POST_SECONDS, table

DOCUMENT = Path(__file__).parents[4] / "docs/scale.md"


def test_the_table_of_one_event_is_the_computed_one() -> None:
    assert table(MEASURED_POST_SECONDS) in DOCUMENT.read_text(encoding="utf-8")
