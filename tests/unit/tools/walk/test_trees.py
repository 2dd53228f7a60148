"""Copies of the repository."""

import subprocess
from pathlib import Path

import pytest

from tools.walk.trees import Tree, WalkError, revision, working_tree

pytestmark = pytest.mark.starts_programs


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    (root / ".gitignore").write_text("ignored\n")
    (root / "changed").write_text("old")
    (root / "deleted").write_text("old")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    identity = ("-c", "user.name=ana", "-c", "user.email=ana@example.com")
    git(root, *identity, "commit", "--quiet", "--message=all")
    (root / "changed").write_text("new")
    (root / "deleted").unlink()
    (root / "added").write_text("new")
    (root / "ignored").write_text("new")
    return root


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True)


def contents(tree: Tree) -> dict[str, str]:
    return {
        str(file): (tree.root / file).read_text()
        for file in tree.files
        if file.name != ".gitignore"
    }


def test_the_working_tree_has_what_is_not_committed_and_nothing_that_is_ignored(
    repository: Path, tmp_path: Path
) -> None:
    tree = working_tree(repository, tmp_path / "copy")
    assert contents(tree) == {"added": "new", "changed": "new"}


def test_a_revision_is_as_it_was_committed(repository: Path, tmp_path: Path) -> None:
    tree = revision(repository, "HEAD", tmp_path / "copy")
    assert contents(tree) == {"changed": "old", "deleted": "old"}


def test_an_unknown_revision_is_an_error(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(WalkError, match="nowhere"):
        revision(repository, "nowhere", tmp_path / "copy")


def test_a_path_of_either_layout_is_taken(repository: Path, tmp_path: Path) -> None:
    tree = revision(repository, "HEAD", tmp_path / "copy")
    assert tree.first("renamed", "changed") == tree.root / "changed"
    with pytest.raises(WalkError, match="HEAD has none of renamed, gone"):
        tree.first("renamed", "gone")
