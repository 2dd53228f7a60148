"""`python -m tools.walk [--against REVISION]`: the figures of this tree, and of an earlier one."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tools.benchmarks.processes import ROOT, BenchmarkError
from tools.benchmarks.report import aligned
from tools.walk.cold_starts import cold_starts
from tools.walk.sizes import largest_folder, lines_of_tests, product_lines, template_lines
from tools.walk.timing import processor_times
from tools.walk.trees import Tree, WalkError, revision, working_tree
from tools.walk.walks import walks


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; status 1 with one line when something cannot be measured."""
    parser = argparse.ArgumentParser(prog="python -m tools.walk", description=__doc__)
    parser.add_argument("--against", metavar="REVISION", help="measure this commit first")
    parser.add_argument("--calls", action="store_true", help="list the calls by file first")
    options = parser.parse_args(arguments)
    with ExitStack() as stack:

        def directory() -> Path:
            made = stack.enter_context(tempfile.TemporaryDirectory(prefix="walk-"))
            # Calls are counted by real paths, without links.
            return Path(made).resolve()

        try:
            trees = [working_tree(ROOT, directory())]
            if options.against:
                trees.insert(0, revision(ROOT, options.against, directory()))
            columns = [figures(tree, list_calls=options.calls) for tree in trees]
            # Last, when nothing else of ours runs any more.
            times = processor_times(trees)
        except (WalkError, BenchmarkError) as error:
            notes = getattr(error, "__notes__", [])
            print(f"walk: {error}", *notes, sep="\n", file=sys.stderr)
            return 1
    columns = [column | more for column, more in zip(columns, times, strict=True)]
    print(table([tree.name for tree in trees], columns))
    return 0


def figures(tree: Tree, *, list_calls: bool) -> dict[str, str]:
    """What does not depend on how busy the machine is."""
    crossed = dict(walks(tree))
    if list_calls:
        for name, walk in crossed.items():
            print(f"{tree.name}, {name}:")
            for file, calls in walk.by_file.items():
                print(f"{calls:6} {file}")
    modules, folder = largest_folder(tree)
    return {
        **{f"{name}: files / calls": str(walk) for name, walk in crossed.items()},
        "modules in the largest folder": f"{modules} ({folder})",
        "product lines": f"{product_lines(tree):,}",
        "test lines": f"{lines_of_tests(tree):,}",
        "lines of template.yaml": f"{template_lines(tree):,}",
        **cold_starts(tree),
    }


def table(names: Sequence[str], columns: Sequence[dict[str, str]]) -> str:
    """A column for each tree; a figure that one of them lacks is left empty."""
    rows = dict.fromkeys(row for column in columns for row in column)
    return aligned([["", *names], *([row, *(c.get(row, "") for c in columns)] for row in rows)])


if __name__ == "__main__":
    sys.exit(main())
