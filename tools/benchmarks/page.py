"""The measured tables, written into `docs/performance.md` between two markers."""

from typing import Any

from tools.benchmarks.figures import figures_of, read_results
from tools.benchmarks.processes import ROOT
from tools.benchmarks.tables import render

PAGE = ROOT / "docs/performance.md"
BEGIN = "<!-- results: begin -->"
END = "<!-- results: end -->"


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
