"""The chat page's files, from one folder."""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sapa.web.requests import HttpRequest
from sapa.web.responses import Response

_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file; the body is text where its type says so, since bytes travel in base64."""

    body: str | bytes
    content_type: str
    etag: str


class Pages:
    """The files of `folder`: `index.html` at `/`, each file at `/static/<path>`.

    The folder is listed once and a request only picks from the list, so that no path leads
    outside.
    """

    def __init__(self, folder: Path) -> None:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        self._files = {f"/static/{path.relative_to(folder).as_posix()}": path for path in files}
        if "/static/index.html" in self._files:
            self._files["/"] = self._files["/static/index.html"]

    @property
    def not_found(self) -> StaticFile | None:
        """What people read at an address where nothing is."""
        return self.find("/static/not_found.html")

    def find(self, path: str) -> StaticFile | None:
        """The file at `path`, if there is one."""
        return _read(self._files[path]) if path in self._files else None


@functools.cache
def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    content_type = _CONTENT_TYPES.get(path.suffix, "application/octet-stream")
    is_text = "charset" in content_type or content_type.endswith(("json", "svg+xml"))
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return StaticFile(content.decode() if is_text else content, content_type, etag)


def page_policy(request: HttpRequest) -> str:
    """What the page may load and do: only its own files, and a socket to its own host."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self' {request.websocket_base_url}; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def page_response(file: StaticFile, request: HttpRequest) -> Response:
    """The file, or 304 when the browser has it; browsers ask each time."""
    headers = {
        "Cache-Control": "no-cache",
        "ETag": file.etag,
        "Content-Security-Policy": page_policy(request),
    }
    cached = {tag.strip().removeprefix("W/") for tag in request.if_none_match.split(",")}
    if file.etag in cached or "*" in cached:
        return Response(status=304, headers=headers)
    return _file_response(file, headers)


def not_found_response(file: StaticFile, request: HttpRequest) -> Response:
    """The page for an address where nothing is, for a browser that shows it."""
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": page_policy(request)}
    return _file_response(file, headers, status=404)


def _file_response(file: StaticFile, headers: Mapping[str, str], status: int = 200) -> Response:
    headers = {**headers, "Content-Type": file.content_type}
    return Response(status=status, headers=headers, body=file.body)
