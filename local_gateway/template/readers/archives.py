"""Code in zip archives: unpacked once, into a folder beside the template.

`chalice package`, `serverless package` and `sam package` write archives. Each state of an archive
gets a folder of its own, `.local_gateway/archives/{name}-{path}/{content}`, because functions may
still run from an older one.
"""

import hashlib
import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from local_gateway.template.document.errors import Place, TemplateError

FOLDER = ".local_gateway"
# Lambda quotas: "Deployment package (.zip file archive) size", unzipped.
LARGEST = 250 * 1024 * 1024
_KEPT = 2


def unpacked(archive: Path, beside: Path, place: Place) -> Path:
    """The folder with the content of `archive`, in the cache in the folder `beside`.

    Raises `TemplateError` for what Lambda would not take: no zip archive, too large, or with a
    path that leads out of it.
    """
    try:
        content = hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
        owner = hashlib.sha256(str(archive).encode()).hexdigest()[:8]
        states = beside / FOLDER / "archives" / f"{archive.stem}-{owner}"
        folder = states / content
        if not folder.is_dir():
            scratch = states / f"{content}.{os.getpid()}"
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir(parents=True)
            with zipfile.ZipFile(archive) as opened:
                _unpack(opened, scratch, place)
            _move(scratch, folder)
            _remove_old(states, folder)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise TemplateError(place, f"{archive} is not a zip archive: {error}") from None
    except OSError as error:
        raise TemplateError(place, f"{archive} cannot be unpacked: {error}") from None
    return folder


def _unpack(archive: zipfile.ZipFile, folder: Path, place: Place) -> None:
    size = sum(item.file_size for item in archive.infolist())
    if size > LARGEST:
        raise TemplateError(
            place, f"the archive has {size} bytes unpacked, AWS allows {LARGEST}", "make it smaller"
        )
    for item in archive.infolist():
        path = PurePosixPath(item.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in item.filename:
            raise TemplateError(place, f"the archive has a path that leads out: {item.filename!r}")
        mode = item.external_attr >> 16
        if stat.S_ISLNK(mode):
            _link(archive.read(item).decode(), folder / path, folder, place)
            continue
        # The folder before the name: a link in the archive must not lead out either.
        target = folder / path
        if not target.parent.resolve().is_relative_to(folder.resolve()):
            raise TemplateError(place, f"the archive has a path that leads out: {item.filename!r}")
        archive.extract(item, folder)
        if mode & 0o111 and target.is_file():
            target.chmod(0o755)


def _link(text: str, link: Path, folder: Path, place: Place) -> None:
    target = Path(os.path.normpath(link.parent / text))
    if Path(text).is_absolute() or not target.is_relative_to(folder):
        raise TemplateError(place, f"the archive has a link that leads out: {link.name!r}")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(text)


def _move(scratch: Path, folder: Path) -> None:
    try:
        scratch.rename(folder)
    except OSError:
        # Another gateway was faster.
        shutil.rmtree(scratch, ignore_errors=True)
        if not folder.is_dir():
            raise


def _remove_old(states: Path, newest: Path) -> None:
    """Keep the state before, which may still run."""
    others = [path for path in states.iterdir() if path != newest]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[_KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
