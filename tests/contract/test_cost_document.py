"""`docs/cost.md` says what `make cost` prints."""

import re
from pathlib import Path

from tools.cost.__main__ import parser, report
from tools.cost.measurements import read
from tools.cost.prices import table

DOCUMENT = Path(__file__).parents[2] / "docs/cost.md"


def part(name: str) -> str:
    """What stands between two marks."""
    text = DOCUMENT.read_text(encoding="utf-8")
    [found] = re.findall(rf"<!-- {name}: begin -->\n(.*?)\n<!-- {name}: end -->", text, re.DOTALL)
    return str(found)


def test_the_document_has_the_recorded_measurements() -> None:
    assert part("report") == report(read(), parser().parse_args([]))


def test_the_document_has_every_price() -> None:
    assert part("prices") == table()
