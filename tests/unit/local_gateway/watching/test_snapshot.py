"""What makes a snapshot another one, and what does not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from local_gateway.watching.snapshot import is_source, take_snapshot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "code"
    (root / "package").mkdir(parents=True)
    (root / "app.py").write_text("1")
    (root / "package" / "module.py").write_text("1")
    return root


def write(file: Path, text: str = "2 ") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def rename(root: Path) -> None:
    (root / "app.py").rename(root / "main.py")


def rename_over(root: Path) -> None:
    write(root / "app.py.tmp", "other")
    (root / "app.py.tmp").rename(root / "app.py")


def touch(root: Path) -> None:
    os.utime(root / "app.py", (0, 0))


CHANGES: list[Callable[[Path], None]] = [
    lambda root: write(root / "app.py"),
    lambda root: write(root / "package" / "module.py"),
    lambda root: write(root / "new.json"),
    lambda root: write(root / "new" / "folder" / "file.py"),
    lambda root: (root / "app.py").unlink(),
    rename,
    rename_over,
    touch,
]
NO_CHANGES: list[Callable[[Path], None]] = [
    lambda root: write(root / "__pycache__" / "app.cpython-313.pyc"),
    lambda root: write(root / "app.pyc"),
    lambda root: write(root / ".git" / "index"),
    lambda root: write(root / ".aws-sam" / "build" / "app.py"),
    lambda root: write(root / ".venv" / "lib" / "module.py"),
    lambda root: write(root / "node_modules" / "ws" / "index.js"),
    lambda root: write(root / "app.py~"),
    lambda root: write(root / "gateway.log"),
    lambda root: write(root / "nohup.out"),
    lambda root: write(root / ".app.py.swp"),
    lambda root: write(root / "4913"),
    lambda root: write(root / "app.py___jb_tmp___"),
    lambda root: write(root / "app.py.tmp.123.456"),
    lambda root: (root / ".#app.py").symlink_to("nobody@nowhere.1"),
    lambda root: write(root.parent / "beside.py"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_person_saves_is_a_change(root: Path, change: Callable[[Path], None]) -> None:
    before = take_snapshot([root])
    change(root)
    after = take_snapshot([root])
    assert not after.same(before, [root])


@pytest.mark.parametrize("change", NO_CHANGES)
def test_what_tools_write_is_no_change(root: Path, change: Callable[[Path], None]) -> None:
    before = take_snapshot([root])
    change(root)
    after = take_snapshot([root])
    assert after.same(before, [root])


@pytest.mark.parametrize("name", ["app.py", "template.yaml", ".env", "data.json", "Makefile"])
def test_names_of_sources(name: str) -> None:
    assert is_source(name)


def test_a_built_template_is_seen_although_tools_folders_are_not(tmp_path: Path) -> None:
    code = tmp_path / ".aws-sam" / "build" / "Function"
    write(code / "app.py", "1")
    before = take_snapshot([code])
    write(code / "app.py")
    assert not take_snapshot([code]).same(before, [code])


def test_a_file_is_a_root_too(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    missing = take_snapshot([template])
    write(template, "1")
    there = take_snapshot([template])
    write(template)
    assert not there.same(missing, [template])
    assert not take_snapshot([template]).same(there, [template])


def test_the_nearest_directory_that_exists_tells_of_a_root_that_does_not(tmp_path: Path) -> None:
    snapshot = take_snapshot([tmp_path / "not" / "yet" / "there"])
    assert [path for path, _ in snapshot.directories] == [tmp_path]


def test_directories_are_those_that_hold_sources_and_the_one_above(root: Path) -> None:
    write(root / "node_modules" / "ws" / "index.js")
    found = {path for path, _ in take_snapshot([root]).directories}
    assert found == {root, root / "package", root.parent}


def test_links_are_followed_once(root: Path, tmp_path: Path) -> None:
    write(tmp_path / "shared" / "module.py", "1")
    (root / "shared").symlink_to(tmp_path / "shared")
    (tmp_path / "shared" / "loop").symlink_to(root)
    before = take_snapshot([root])
    write(tmp_path / "shared" / "module.py")
    assert not take_snapshot([root]).same(before, [root])
    assert len(before.files[root]) == 3


def test_later_snapshot_wins_in_a_union(root: Path) -> None:
    before = take_snapshot([root])
    write(root / "app.py")
    after = take_snapshot([root])
    assert (before | after).same(after, [root])
    assert (after | before).same(before, [root])


def test_a_file_that_this_process_writes_is_no_source(root: Path) -> None:
    with (root / "output.txt").open("w") as output, (root / "app.py").open():
        before = take_snapshot([root])
        output.write("a line of the gateway")
        output.flush()
        assert take_snapshot([root]) == before
        write(root / "app.py")
        assert take_snapshot([root]) != before
