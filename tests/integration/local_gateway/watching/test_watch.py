"""News of real directories; nothing is asked again and again."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from local_gateway.watching.snapshot import Snapshot, take_snapshot
from local_gateway.watching.watch import Watch

DEADLINE = 20.0


class Looker:
    """Follows roots as the reloader does: look after news, and follow what is there then."""

    def __init__(self, *roots: Path) -> None:
        self.watch = Watch()
        self._roots = roots
        self._seen = Snapshot()

    async def look(self) -> bool:
        """Whether the roots have changed since the last look."""
        before, self._seen = self._seen, take_snapshot(self._roots)
        await self.watch.follow(self._seen.directories)
        return not self._seen.same(before, self._roots)

    async def until_changed(self) -> None:
        async with asyncio.timeout(DEADLINE):
            while not await self.look():
                await self.watch.changed()


def make(code: Path) -> None:
    code.mkdir()
    (code / "app.py").write_text("1")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    code = tmp_path / "code"
    make(code)
    return code


@pytest.fixture
async def looker(code: Path, tmp_path: Path) -> AsyncIterator[Looker]:
    looker = Looker(code, tmp_path / "template.yaml")
    await looker.look()
    yield looker
    await looker.watch.close()


async def test_a_saved_file_is_news(looker: Looker, code: Path) -> None:
    (code / "app.py").write_text("22")
    await looker.until_changed()


async def test_a_file_renamed_over_another_is_news(looker: Looker, code: Path) -> None:
    (code / "app.py.tmp").write_text("22")
    (code / "app.py.tmp").rename(code / "app.py")
    await looker.until_changed()


async def test_a_file_that_appears_is_news(looker: Looker, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {}")
    await looker.until_changed()


async def test_new_directories_are_followed(looker: Looker, code: Path) -> None:
    (code / "package").mkdir()
    (code / "package" / "a.py").write_text("1")
    await looker.until_changed()
    (code / "package" / "a.py").write_text("22")
    await looker.until_changed()


async def test_a_directory_that_went_and_came_back_is_followed(looker: Looker, code: Path) -> None:
    shutil.rmtree(code)
    await looker.until_changed()
    make(code)
    await looker.until_changed()
    (code / "app.py").write_text("4444")
    await looker.until_changed()


async def test_what_happens_before_watching_has_begun_is_found(code: Path) -> None:
    looker = Looker(code)
    await looker.look()
    (code / "app.py").write_text("22")
    await looker.until_changed()
    await looker.watch.close()


async def test_close_leaves_no_task(looker: Looker) -> None:
    await looker.watch.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("name", ["absolute", "relative"])
async def test_a_directory_in_the_place_of_a_deleted_one_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    build = Path("build") if name == "relative" else tmp_path / "build"
    build.mkdir()
    # File systems reuse inodes, so the new directory can look like the old one.
    directories = frozenset({(build, 1)})
    watch = Watch()
    async with asyncio.timeout(DEADLINE):
        await watch.follow(directories)
        await watch.changed()
        build.rmdir()
        await watch.changed()
        build.mkdir()
        await watch.follow(directories)
        await watch.changed()
        (build / "template.yaml").write_text("Resources: {}")
        await watch.changed()
        await watch.close()
