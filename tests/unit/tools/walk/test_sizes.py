"""What counts as the product's lines, the tests', and a folder's modules."""

from pathlib import Path

import pytest

from tools.walk.sizes import (
    is_product,
    largest_folder,
    lines_of_tests,
    product_lines,
    template_lines,
)
from tools.walk.trees import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    for name, lines in {
        "template.yaml": 7,
        "functions/api/app.py": 2,
        "functions/api/static/page.js": 3,
        "package/__init__.py": 1,
        "package/first.py": 4,
        "package/second.py": 5,
        "package/inner/third.py": 6,
        "tools/scripts/feed.py": 100,
        "tests/unit/test_first.py": 10,
        "tests/package-lock.json": 20,
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n" * lines)
    return Tree.from_directory("a tree", tmp_path)


def test_product_lines_leave_out_tests_scripts_and_templates(tree: Tree) -> None:
    assert product_lines(tree) == 2 + 3 + 1 + 4 + 5 + 6


def test_everything_under_tests_is_counted(tree: Tree) -> None:
    assert lines_of_tests(tree) == 30


def test_the_lines_of_the_template_are_its_own(tree: Tree) -> None:
    assert template_lines(tree) == 7


def test_folders_below_and_init_modules_do_not_count_for_a_folder(tree: Tree) -> None:
    assert largest_folder(tree) == (2, "package")


def test_a_file_that_is_written_later_does_not_count(tree: Tree) -> None:
    before = product_lines(tree)
    (tree.root / "package/fourth.py").write_text("\n")
    assert product_lines(tree) == before


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("functions/api/static/page.css", True),
        ("local_gateway/inspector/static/index.html", True),
        ("tools/scripts/feed.py", False),
        ("scripts/feed.py", False),
        ("tests/page/page.test.js", False),
        ("docs/architecture.md", False),
    ],
)
def test_the_product_is_code_outside_tests_and_scripts(file: str, counts: bool) -> None:
    assert is_product(Path(file)) is counts
