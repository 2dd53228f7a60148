"""How large a tree is: lines and folders."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tools.walk.trees import Tree

_PRODUCT = {".py", ".js", ".css", ".html"}
# Neither product nor tests: what a command of the Makefile runs once.
_SCRIPTS = "scripts"


def product_lines(tree: Tree) -> int:
    """Lines of Python, JavaScript, CSS and HTML outside `tests` and the scripts, blank or not."""
    return _lines(tree, filter(is_product, tree.files))


def lines_of_tests(tree: Tree) -> int:
    """Lines of everything under `tests`: programs, templates and lock files."""
    return _lines(tree, (file for file in tree.files if file.parts[0] == "tests"))


def template_lines(tree: Tree) -> int:
    """Lines of `template.yaml`."""
    return _lines(tree, [Path("template.yaml")])


def largest_folder(tree: Tree) -> tuple[int, str]:
    """The most Python modules, `__init__` left out, that lie in one folder of the product."""
    modules = Counter(
        str(file.parent)
        for file in tree.files
        if is_product(file) and file.suffix == ".py" and file.stem != "__init__"
    )
    folder, count = modules.most_common(1)[0]
    return count, folder


def is_product(file: Path) -> bool:
    """Whether the lines of a file count as the product's."""
    return (
        file.suffix in _PRODUCT and file.parts[0] != "tests" and _SCRIPTS not in file.parent.parts
    )


def _lines(tree: Tree, files: Iterable[Path]) -> int:
    return sum((tree.root / file).read_bytes().count(b"\n") for file in files)
