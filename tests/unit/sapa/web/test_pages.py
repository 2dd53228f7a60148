"""Static files: what is served, and what never is."""

from pathlib import Path

import pytest

from sapa.web.pages import Pages, page_response
from tests.unit.sapa.web.test_accounts import REQUEST


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    """A folder with files of several kinds, beside a file that is no page."""
    (tmp_path / "secret.py").write_text("x")
    folder = tmp_path / "static"
    (folder / "images").mkdir(parents=True)
    (folder / "index.html").write_text("<p>é")
    (folder / "app.js").write_text("1")
    (folder / "images" / "dot.png").write_bytes(b"\x89PNG")
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "data.bin").write_bytes(b"\x00")
    return Pages(folder)


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/", "text/html; charset=utf-8", "<p>é"),
        ("/static/index.html", "text/html; charset=utf-8", "<p>é"),
        ("/static/app.js", "text/javascript; charset=utf-8", "1"),
        ("/static/icon.svg", "image/svg+xml", "<svg/>"),
        ("/static/images/dot.png", "image/png", b"\x89PNG"),
        ("/static/data.bin", "application/octet-stream", b"\x00"),
    ],
)
def test_files_have_their_type(
    pages: Pages, path: str, content_type: str, body: str | bytes
) -> None:
    page = pages.find(path)
    assert page is not None
    assert (page.content_type, page.body) == (content_type, body)


@pytest.mark.parametrize(
    "path",
    ["", "/static", "/static/", "/static/images", "/static/../secret.py", "/secret.py", "/app.js"],
)
def test_nothing_else_is_found(pages: Pages, path: str) -> None:
    assert pages.find(path) is None


def test_other_content_has_another_etag(pages: Pages) -> None:
    tags = {page.etag for path in ("/", "/static/app.js") if (page := pages.find(path))}
    assert len(tags) == 2


def test_empty_folder_has_no_start_page(tmp_path: Path) -> None:
    assert Pages(tmp_path).find("/") is None


def test_binary_page_is_sent_as_bytes(pages: Pages) -> None:
    page = pages.find("/static/images/dot.png")
    assert page is not None
    assert page_response(page, REQUEST).body == b"\x89PNG"
