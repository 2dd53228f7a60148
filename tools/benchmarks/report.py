"""Figures as aligned Markdown tables, for the terminal and for `docs/performance.md`."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from tools.benchmarks.figures import Figure, figures_of, read_results
from tools.benchmarks.processes import ROOT

PAGE = ROOT / "docs/performance.md"
BEGIN = "<!-- results: begin -->"
END = "<!-- results: end -->"


def render(figures: Iterable[Figure]) -> str:
    """One table per measure, in the order of the figures."""
    parts = []
    for measure, group in groupby(figures, key=lambda figure: figure.measure):
        parts.append(_table(measure, list(group)))
    return "\n\n".join(parts)


def _table(measure: str, figures: Sequence[Figure]) -> str:
    unit = figures[0].unit
    references = dict.fromkeys(name for figure in figures for name in figure.ratios)
    worst = "p5" if unit.endswith("/s") else "p95"
    header = [
        f"{measure} ({unit})",
        "p50",
        worst,
        "min",
        "n",
        *(f"× {reference}" for reference in references),
    ]
    rows = [
        [
            figure.subject if figure.size is None else f"{figure.subject}, {figure.size:,}",
            *(number(value) for value in (figure.p50, figure.p95, figure.minimum)),
            str(figure.n),
            *(_ratio(figure, reference) for reference in references),
        ]
        for figure in figures
    ]
    return aligned([header, *rows])


def _ratio(figure: Figure, reference: str) -> str:
    ratio = figure.ratios.get(reference)
    return "" if ratio is None else number(ratio)


def number(value: float) -> str:
    """Three significant digits, whole numbers from 100 on, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose first row is the header and whose first column is text."""
    widths = [max(3, *(len(row[column]) for row in rows)) for column in range(len(rows[0]))]

    def line(cells: Sequence[str]) -> str:
        first, *rest = zip(cells, widths, strict=True)
        texts = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]
        return f"| {' | '.join(texts)} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(rows[0]), line(rule), *(line(row) for row in rows[1:])])


def write_page() -> str:
    """Replace what is between the markers, and return the page's name.

    Raises `SystemExit` when a marker or every result is missing.
    """
    documents = read_results()
    if not documents:
        raise SystemExit("there are no results yet: run `make bench` first")
    text = PAGE.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{PAGE.name} has no lines {BEGIN!r} and {END!r}")
    sections = "\n\n".join(_section(document) for document in documents)
    PAGE.write_text(f"{before}{BEGIN}\n\n{sections}\n\n{END}{after}", "utf-8")
    return f"{PAGE.parent.name}/{PAGE.name}"


def _section(document: dict[str, Any]) -> str:
    machine = document["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    conditions = [
        f"{document['measured_at'][:10]}, {machine['system']}, {machine['cores']} cores, "
        f"Python {machine['python']}, {versions}.",
        *(["A quick run: few samples."] if document["quick"] else []),
        *document["notes"],
    ]
    listed = "\n".join(f"- {condition}" for condition in conditions)
    return f"### {document['benchmark']}\n\n{render(figures_of(document))}\n\n{listed}"
